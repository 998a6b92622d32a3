// Writes a file so that a reader sees the older one or the new one in full, and never a part.
namespace MLNet.PTuning.Files;

internal static class AtomicFile
{
    /// <summary>Writes a temporary file in the same folder, flushes it to disk, then moves it to <paramref name="path"/>. On any error, the
    /// callback's too, the older file stays as it was.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder to write to does not exist.</exception>
    /// <exception cref="IOException">The disk is full, or another program holds the older file.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? throw new IOException($"{path} is not the path of a file; give one.");
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{folder} does not exist; create the folder, or write elsewhere.");
        // In the same folder, so that the move stays on one disk.
        string temporary = Path.Combine(folder, TemporaryName(full, Guid.NewGuid().ToString("N")));
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception error)
        {
            File.Delete(temporary);
            if (error is not IOException)
                throw;
            // The system's message names the temporary file, which the caller does not know.
            throw new IOException($"{full} could not be written, and what was there before is unchanged ({error.Message}). "
                + "Free space on its disk or write elsewhere.", error);
        }
    }

    /// <summary>Deletes what processes that were killed while they wrote <paramref name="path"/> left in its folder. None may be writing it now.</summary>
    public static void DeleteLeftovers(string path)
    {
        string full = Path.GetFullPath(path);
        if (Path.GetDirectoryName(full) is not { } folder || !Directory.Exists(folder)) return;
        foreach (string temporary in Directory.GetFiles(folder, TemporaryName(full, "*"))) File.Delete(temporary);
    }

    private static string TemporaryName(string full, string unique) => $".{Path.GetFileName(full)}.{unique}.tmp";
}
