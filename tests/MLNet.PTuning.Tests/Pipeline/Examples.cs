// Files of the repository's examples.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Tests.Pipeline;

internal static class Examples
{
    /// <summary>A path under the folder examples.</summary>
    public static string At(params string[] parts) => Path.GetFullPath(Path.Combine([SourceFolder(), "..", "..", "..", "examples", .. parts]));

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
