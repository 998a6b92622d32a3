// The eight tasks of the verb `serving`: trained once on MiniLM, kept as model files, with texts to ask of each.
using Microsoft.ML;
using MLNet.PTuning.Benchmarks.Accuracy;

namespace MLNet.PTuning.Benchmarks.Serving;

/// <summary>A text for a task.</summary>
/// <param name="Pair">The second text of a task that reads two; null for others.</param>
internal sealed record ServiceText(string Task, string Text, string? Pair);

/// <summary>A task: its model file, and texts that it was not trained on.</summary>
internal sealed record ServiceTask(string Name, string File, bool LabelsWords, IReadOnlyList<ServiceText> Texts);

internal static class ServiceTasks
{
    private const int TrainingRows = 2000;

    // Only the test file of AG's news is there: the first rows train, later ones are asked.
    private static readonly SentenceFiles News = new("ag_news", "test.csv", "test.csv", line => line.Trim('"').Split("\",\"") is var cells ? new(cells[0], cells[1] + " " + cells[2]) : null!);

    private static readonly (string Name, SentenceFiles Files)[] Sentences =
        [("SST-2", SentenceFiles.Sst2), ("TREC", SentenceFiles.Trec), ("MRPC", SentenceFiles.Mrpc), ("CoLA", SentenceFiles.Cola), ("RTE", SentenceFiles.Rte), ("AG-news", News)];

    private static readonly (string Name, ColumnFiles Files)[] Labelings = [("CoNLL-2003", LabelingTask.Conll), ("WNUT-17", LabelingTask.Wnut)];

    /// <summary>All tasks; those whose model file is not in the folder are trained first, with the library's defaults on 2,000 rows at most, seed 1.</summary>
    /// <param name="texts">Texts of each task.</param>
    public static IReadOnlyList<ServiceTask> Prepare(Folders folders, string models, int texts)
    {
        Directory.CreateDirectory(models);
        var ml = new MLContext(seed: 1);
        return
        [
            .. Sentences.Select(task => new ServiceTask(task.Name, Model(task.Name, () => Train(ml, folders, task.Files)), LabelsWords: false,
                [.. task.Files.Development(folders).Skip(task.Files == News ? TrainingRows : 0).Take(texts).Select(row => new ServiceText(task.Name, row.Text, task.Files.IsPairs ? row.Second : null))])),
            .. Labelings.Select(task => new ServiceTask(task.Name, Model(task.Name, () => Train(ml, folders, task.Files)), LabelsWords: true,
                [.. ml.Data.CreateEnumerable<WordRow>(task.Files.Development(ml, folders), reuseRowObject: false).Take(texts).Select(row => new ServiceText(task.Name, string.Join(' ', row.Words), null))])),
        ];

        string Model(string name, Func<(ITransformer Model, DataViewSchema Schema)> train)
        {
            string file = Path.Combine(models, name + ".zip");
            if (File.Exists(file)) return file;
            Console.Error.WriteLine($"Training {name}.");
            var (model, schema) = train();
            ml.Model.SaveSafely(model, schema, file);
            (model as IDisposable)?.Dispose();
            return file;
        }
    }

    private static (ITransformer, DataViewSchema) Train(MLContext ml, Folders folders, SentenceFiles files)
    {
        var rows = ml.Data.LoadFromEnumerable(files.Train(folders).Take(TrainingRows));
        return (ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2Classify(files.Options(folders))).Fit(rows), rows.Schema);
    }

    private static (ITransformer, DataViewSchema) Train(MLContext ml, Folders folders, ColumnFiles files)
    {
        var rows = ml.Data.TakeRows(files.Train(ml, folders), TrainingRows);
        return (ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2LabelTokens(new TokenLabelingOptions(folders.Backbone))).Fit(rows), rows.Schema);
    }

    private sealed class WordRow
    {
        public string[] Words { get; set; } = [];
    }
}
