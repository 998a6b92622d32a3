// What a command's exit code says.
namespace MLNet.PTuning.Tool;

internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>A fault of this program.</summary>
    public const int InternalError = 1;

    /// <summary>The command line is wrong: an unknown option, a value out of its range, options that contradict each other.</summary>
    public const int BadUsage = 2;

    /// <summary>A file or folder is wrong: not there, damaged, without the columns that are needed, not empty, no space.</summary>
    public const int BadInput = 3;

    /// <summary>Ctrl-C, or the system's request to end.</summary>
    public const int Canceled = 130;
}
