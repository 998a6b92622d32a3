// The pre-trained backbones that the build writes beside the tests (build/Backbones.targets), as ONNX models.
namespace MLNet.PTuning.Tests.Backbones;

internal static class RealBackbones
{
    public const string MiniLm = "all-MiniLM-L6-v2", Arctic = "snowflake-arctic-embed-xs";

    /// <summary>The folder of a backbone.</summary>
    public static string Folder(string name) => Path.Combine(AppContext.BaseDirectory, "backbones", name);
}
