// metrics.json: all of a run but its test rows, for programs, and for the verbs that use the model later.
using System.Text.Json;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Report;

namespace MLNet.PTuning.Tool.Run;

internal static class MetricsFile
{
    /// <summary>The file's name in the output folder.</summary>
    public const string Name = "metrics.json";

    public static void Write(TrainingRun run, string folder) => File.WriteAllText(Path.Combine(folder, Name), JsonSerializer.Serialize(Content(run), Json.Indented) + "\n");

    /// <summary>What the file holds, which is also the result of <c>ptuning train --json</c>.</summary>
    public static object Content(TrainingRun run) => new
    {
        run.Name,
        run.Task,
        run.Scores,
        run.HeadOnly,
        run.Majority,
        run.Data,
        ClassNames = run.ClassNames.Count > 0 ? run.ClassNames : null,
        Options = Options(run.Options),
        run.Training,
        run.HeadOnlyTraining,
        Search = run.Search?.Trials,
        SearchSeconds = run.Search?.Seconds,
        run.ModelFile,
        run.ModelBytes,
        run.BackboneFolder,
        run.BackboneHash,
        run.Seconds,
        run.Seed,
        run.CommandLine,
        run.Version,
        run.Finished,
        Report = ReportFigures.Of(run),
    };

    /// <summary>The file's columns that a model was trained on, where the model file is in a folder that training wrote; else null.</summary>
    /// <param name="modelFile">The model file.</param>
    /// <exception cref="BadInputException">The folder's file is damaged.</exception>
    public static (DataFile File, IReadOnlyList<InputColumn> Columns)? ColumnsBeside(string modelFile)
    {
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(modelFile))!, Name);
        if (!File.Exists(path)) return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var data = json.RootElement.GetProperty("data");
            var file = data.GetProperty("trainingFile").Deserialize<DataFile>(Json.Compact);
            var columns = data.GetProperty("columns").Deserialize<InputColumn?[]>(Json.Compact);
            if (file?.Columns is null || columns?.All(column => column is { Input: not null, Column: not null } && column.Index >= 0 && column.Index < file.Columns.Count) is not true)
                throw new JsonException("its data has no file, or columns that the file has not");
            return (file, columns!);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BadInputException($"{path} is damaged ({e.Message.Split('\n')[0].TrimEnd('.')}); delete it, and name the columns on the command line.", e);
        }
    }

    private static object Options(PTuningOptions options) => new
    {
        Method = JsonSerializer.SerializeToElement(options.Method),
        options.LearningRate,
        options.HeadLearningRate,
        options.Epochs,
        options.BatchSize,
        options.MaxSequenceLength,
        options.ValidationShare,
        options.Patience,
        options.CalibrateOn,
        options.Precision,
        Pooling = options switch { TextClassificationOptions text => text.Pooling, MultipleChoiceOptions choice => choice.Pooling, _ => (Pooling?)null },
        options.Threads,
        options.Seed,
        options.EmbedBackbone,
    };
}
