// A folder that is there in full, or not at all.
namespace MLNet.PTuning.Tool.Run;

internal static class NewFolder
{
    /// <summary>Has a folder written beside, and moves it to its place, which is empty or not there.</summary>
    /// <param name="folder">Its place.</param>
    /// <param name="option">The option that named it.</param>
    /// <param name="write">Writes into the folder that it is given.</param>
    /// <exception cref="BadInputException">The place is taken.</exception>
    public static void Write(string folder, string option, Action<string> write)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        if (File.Exists(full)) throw new BadInputException($"{folder} is a file; name a folder with {option}.");
        if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()) throw new BadInputException($"The folder {folder} is not empty; name another with {option}.");
        try
        {
            Directory.CreateDirectory(temporary);
            write(temporary);
            if (Directory.Exists(full)) Directory.Delete(full);
            Directory.Move(temporary, full);
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }
}
