// Classification of sentences and pairs of sentences, trained and scored as an app does it: a pipeline, and ML.NET's own evaluator.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class SentenceTask
{
    /// <summary>The Stanford Sentiment Treebank with two classes: tab-separated label and text under a heading.</summary>
    public static AccuracyRun Sst2(Folders folders, Recipe recipe)
    {
        return Train(folders, recipe, Read("train.tsv"), Read("dev.tsv"));

        IEnumerable<Sentence> Read(string file) => File.ReadLines(Path.Combine(folders.Data, "sst2", file)).Skip(1).Select(line => line.Split('\t', 2))
            .Select(cells => new Sentence { Label = cells[0], Text = cells[1] });
    }

    /// <summary>TREC's questions by what they ask for, six classes: the label's number, a blank, the question. Scored on the test file.</summary>
    public static AccuracyRun Trec(Folders folders, Recipe recipe)
    {
        return Train(folders, recipe, Read("TREC.train.all"), Read("TREC.test.all"));

        IEnumerable<Sentence> Read(string file) => File.ReadLines(Path.Combine(folders.Data, "trec", file)).Select(line => line.Split(' ', 2))
            .Select(cells => new Sentence { Label = cells[0], Text = cells[1] });
    }

    /// <summary>The Corpus of Linguistic Acceptability: tab-separated source, label, mark and sentence. The score is Matthews' correlation.</summary>
    public static AccuracyRun Cola(Folders folders, Recipe recipe)
    {
        return Train(folders, recipe, Read("train.tsv"), Read("dev.tsv"), score: Matthews);

        IEnumerable<Sentence> Read(string file) => File.ReadLines(Path.Combine(folders.Data, "cola", file)).Select(line => line.Split('\t'))
            .Select(cells => new Sentence { Label = cells[1], Text = cells[3] });
    }

    /// <summary>Microsoft's Research Paraphrase Corpus: tab-separated label, two ids and two sentences under a heading.</summary>
    public static AccuracyRun Mrpc(Folders folders, Recipe recipe)
    {
        return Train(folders, recipe, Read("train.tsv"), Read("dev.tsv"), nameof(Sentence.Second));

        IEnumerable<Sentence> Read(string file) => File.ReadLines(Path.Combine(folders.Data, "mrpc", file)).Skip(1).Select(line => line.Split('\t'))
            .Select(cells => new Sentence { Label = cells[0], Text = cells[3], Second = cells[4] });
    }

    /// <summary>Recognizing textual entailment: tab-separated index, premise, hypothesis and label under a heading.</summary>
    public static AccuracyRun Rte(Folders folders, Recipe recipe)
    {
        return Train(folders, recipe, Read("train.tsv"), Read("dev.tsv"), nameof(Sentence.Second));

        IEnumerable<Sentence> Read(string file) => File.ReadLines(Path.Combine(folders.Data, "rte_glue", file)).Skip(1).Select(line => line.Split('\t'))
            .Select(cells => new Sentence { Label = cells[3], Text = cells[1], Second = cells[2] });
    }

    private static AccuracyRun Train(Folders folders, Recipe recipe, IEnumerable<Sentence> train, IEnumerable<Sentence> development, string? pairColumn = null,
        Func<MulticlassClassificationMetrics, double>? score = null)
    {
        var ml = new MLContext(recipe.Seed);
        var (training, heldOut) = recipe.Split(train);
        var classify = ml.Transforms.PTuningV2Classify(recipe.Apply(new TextClassificationOptions(folders.Backbone) { TextPairColumnName = pairColumn }));
        var model = ml.Transforms.Conversion.MapValueToKey(nameof(Sentence.Label)).Append(classify).Fit(ml.Data.LoadFromEnumerable(training));
        using var classifier = model.LastTransformer;
        var metrics = ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(heldOut ?? development)));
        var report = classifier.Report!;
        return new AccuracyRun(recipe.Seed, score?.Invoke(metrics) ?? metrics.MicroAccuracy, report.Rows, report.Epochs.Count, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss);
    }

    // Of two classes; 0 where all rows are predicted alike.
    private static double Matthews(MulticlassClassificationMetrics metrics)
    {
        var counts = metrics.ConfusionMatrix.Counts;
        double tp = counts[0][0], fn = counts[0][1], fp = counts[1][0], tn = counts[1][1], product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
        return product == 0 ? 0 : (tp * tn - fp * fn) / Math.Sqrt(product);
    }

    private sealed class Sentence
    {
        public required string Label { get; init; }

        public required string Text { get; init; }

        public string Second { get; init; } = "";
    }
}
