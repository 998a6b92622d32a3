// Classification of sentences and pairs of sentences, trained and scored as an app does it: a pipeline, and ML.NET's own evaluator.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class SentenceTask
{
    /// <summary>The Stanford Sentiment Treebank with two classes: tab-separated label and text under a heading.</summary>
    public static AccuracyRun Sst2(Folders folders, Recipe recipe)
    {
        string folder = Path.Combine(folders.Data, "sst2");
        return Train(folders, recipe, Read(Path.Combine(folder, "train.tsv")).Take(recipe.Rows), Read(Path.Combine(folder, "dev.tsv")));

        static IEnumerable<Sentence> Read(string path) => File.ReadLines(path).Skip(1).Select(line => line.Split('\t', 2))
            .Select(cells => new Sentence { Label = cells[0], Text = cells[1] });
    }

    /// <summary>TREC's questions by what they ask for, six classes: the label's number, a blank, the question. Scored on the test file.</summary>
    public static AccuracyRun Trec(Folders folders, Recipe recipe)
    {
        string folder = Path.Combine(folders.Data, "trec");
        return Train(folders, recipe, Read(Path.Combine(folder, "TREC.train.all")).Take(recipe.Rows), Read(Path.Combine(folder, "TREC.test.all")));

        static IEnumerable<Sentence> Read(string path) => File.ReadLines(path).Select(line => line.Split(' ', 2))
            .Select(cells => new Sentence { Label = cells[0], Text = cells[1] });
    }

    /// <summary>Recognizing textual entailment: tab-separated index, premise, hypothesis and label under a heading.</summary>
    public static AccuracyRun Rte(Folders folders, Recipe recipe)
    {
        string folder = Path.Combine(folders.Data, "rte_glue");
        return Train(folders, recipe, Read(Path.Combine(folder, "train.tsv")).Take(recipe.Rows), Read(Path.Combine(folder, "dev.tsv")), nameof(Sentence.Second));

        static IEnumerable<Sentence> Read(string path) => File.ReadLines(path).Skip(1).Select(line => line.Split('\t'))
            .Select(cells => new Sentence { Label = cells[3], Text = cells[1], Second = cells[2] });
    }

    private static AccuracyRun Train(Folders folders, Recipe recipe, IEnumerable<Sentence> train, IEnumerable<Sentence> development, string? pairColumn = null)
    {
        var ml = new MLContext(recipe.Seed);
        var classify = ml.Transforms.PTuningV2Classify(recipe.Apply(new TextClassificationOptions(folders.Backbone) { TextPairColumnName = pairColumn }));
        var model = ml.Transforms.Conversion.MapValueToKey(nameof(Sentence.Label)).Append(classify).Fit(ml.Data.LoadFromEnumerable(train));
        using var classifier = model.LastTransformer;
        var metrics = ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(development)));
        var report = classifier.Report!;
        return new AccuracyRun(recipe.Seed, metrics.MicroAccuracy, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss);
    }

    private sealed class Sentence
    {
        public required string Label { get; init; }

        public required string Text { get; init; }

        public string Second { get; init; } = "";
    }
}
