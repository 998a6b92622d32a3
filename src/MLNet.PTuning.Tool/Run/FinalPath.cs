// A path without symbolic links, so that two names of one file are known as that.
namespace MLNet.PTuning.Tool.Run;

internal static class FinalPath
{
    /// <summary>The full path of a file or folder, with what its links lead to in their place. What is not there stays as it is named.</summary>
    public static string Of(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent) return full;
        full = Path.Combine(Of(parent), Path.GetFileName(full));
        return Path.Exists(full) && new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName is { } target ? Of(target) : full;
    }

    /// <summary>Whether a file or folder is a folder, or is in it.</summary>
    public static bool IsWithin(string path, string folder)
    {
        string inner = Of(path), outer = Of(folder);
        return inner == outer || inner.StartsWith(Path.EndsInDirectorySeparator(outer) ? outer : outer + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }
}
