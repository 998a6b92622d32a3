// Writes a file so that a reader sees the older one or the new one in full, and never a part.
namespace MLNet.PTuning.Files;

internal static class AtomicFile
{
    /// <summary>Writes beside <paramref name="path"/>, flushes to disk, then moves over it. On any error, the callback's too, the older
    /// file stays as it was.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder to write to does not exist.</exception>
    /// <exception cref="IOException">The disk is full, or another program holds the older file.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? throw new IOException($"{path} is no place for a file; give a file's path.");
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{folder} does not exist; create the folder, or write elsewhere.");
        // In the same folder, so that the move stays on one disk.
        string beside = Path.Combine(folder, NameBeside(full, Guid.NewGuid().ToString("N")));
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(beside, full, overwrite: true);
        }
        catch (Exception error)
        {
            File.Delete(beside);
            if (error is not IOException)
                throw;
            // The system's message names the file beside, which the caller never asked for.
            throw new IOException($"{full} could not be written, and what stood there before is unchanged ({error.Message}). "
                + "Free space on its disk or write elsewhere.", error);
        }
    }

    /// <summary>Deletes what processes that were killed while they wrote <paramref name="path"/> left beside it. None may be writing it.</summary>
    public static void DeleteLeftovers(string path)
    {
        string full = Path.GetFullPath(path);
        if (Path.GetDirectoryName(full) is not { } folder || !Directory.Exists(folder)) return;
        foreach (string beside in Directory.GetFiles(folder, NameBeside(full, "*"))) File.Delete(beside);
    }

    private static string NameBeside(string full, string unique) => $".{Path.GetFileName(full)}.{unique}.tmp";
}
