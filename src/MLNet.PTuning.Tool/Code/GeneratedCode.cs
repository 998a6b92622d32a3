// The C# files and the project that a training run leaves, for an app to take.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Code;

internal static class GeneratedCode
{
    /// <summary>Writes the files.</summary>
    /// <param name="run">The run.</param>
    /// <param name="folder">The folder to write to; the files are for that of the run's model file.</param>
    public static void Write(TrainingRun run, string folder)
    {
        foreach (var (name, text) in Files(run)) File.WriteAllText(Path.Combine(folder, name), text);
    }

    /// <summary>The files' names and texts.</summary>
    public static IReadOnlyDictionary<string, string> Files(TrainingRun run)
    {
        var model = new GeneratedModel(run);
        return new Dictionary<string, string>
        {
            [$"{model.Name}.consumption.cs"] = ConsumptionFile.Of(model),
            [$"{model.Name}.training.cs"] = TrainingFile.Of(model),
            [$"{model.Name}.evaluate.cs"] = EvaluateFile.Of(model),
            ["Program.cs"] = ProgramFile.Of(model),
            [$"{model.Name}.csproj"] = ProjectFile.Of(model),
        };
    }
}
