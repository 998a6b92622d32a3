// Model files with changed contents, and the zip's own checksums right.
using System.IO.Compression;

namespace MLNet.PTuning.Tests.Pipeline;

internal static class ModelZip
{
    /// <summary>The same archive with other contents.</summary>
    /// <param name="file">The archive.</param>
    /// <param name="change">What is written of an entry's path, with slashes, and its bytes; null leaves it out.</param>
    public static byte[] Rewrite(byte[] file, Func<string, byte[], byte[]?> change)
    {
        var stream = new MemoryStream();
        using (var source = new ZipArchive(new MemoryStream(file)))
        using (var target = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var entry in source.Entries)
            {
                var bytes = new MemoryStream();
                using (var read = entry.Open()) read.CopyTo(bytes);
                if (change(entry.FullName.Replace('\\', '/'), bytes.ToArray()) is not { } changed) continue;
                using var write = target.CreateEntry(entry.FullName).Open();
                write.Write(changed);
            }
        return stream.ToArray();
    }

    /// <summary>The paths of its entries, with slashes.</summary>
    public static List<string> Paths(byte[] file)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        return [.. zip.Entries.Select(e => e.FullName.Replace('\\', '/'))];
    }
}
