// The output folder of a training run: what is written into it.
using MLNet.PTuning.Tool.Code;

namespace MLNet.PTuning.Tool.Run;

internal static class RunFolder
{
    /// <summary>
    /// What writes a run's files: each is given the finished run and the folder to write to, which is moved to its final place when all have written. The model file is there already.
    /// The report and the generated code are lines here.
    /// </summary>
    public static IReadOnlyList<Action<TrainingRun, string>> Writers { get; } = [GeneratedCode.Write];
}
