// Classification of sentences and pairs of sentences, trained and scored as an app does it: a pipeline, and ML.NET's own evaluator.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class SentenceTask
{
    /// <summary>A run of <see cref="Train"/> on a data set; on so many training rows of each class, which the seed draws, where a number is given.</summary>
    public static Func<Folders, Recipe, AccuracyRun> On(SentenceFiles files, int? perClass = null) => (folders, recipe) => Train(folders, recipe, files, perClass);

    /// <summary>Trains once, from initial values or from a prompt, and scores the development file, or held-out rows.</summary>
    public static AccuracyRun Train(Folders folders, Recipe recipe, SentenceFiles files, int? perClass = null, PeftFolder? start = null)
    {
        var ml = new MLContext(recipe.Seed);
        var rows = files.Train(folders);
        var (training, heldOut) = recipe.Split(perClass is { } count ? Draw(rows, count, recipe.Seed) : rows);
        var options = recipe.Apply(files.Options(folders));
        options.StartFrom = start;
        var model = ml.Transforms.Conversion.MapValueToKey(nameof(Sentence.Label)).Append(ml.Transforms.PTuningV2Classify(options)).Fit(ml.Data.LoadFromEnumerable(training));
        using var classifier = model.LastTransformer;
        var metrics = ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(heldOut ?? files.Development(folders))));
        var report = classifier.Report!;
        return new AccuracyRun(recipe.Seed, files.Score?.Invoke(metrics) ?? metrics.MicroAccuracy, report.Rows, report.Epochs.Count, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss);
    }

    /// <summary>Matthews' correlation of two classes; 0 where all rows are predicted alike.</summary>
    public static double Matthews(MulticlassClassificationMetrics metrics)
    {
        var counts = metrics.ConfusionMatrix.Counts;
        double tp = counts[0][0], fn = counts[0][1], fp = counts[1][0], tn = counts[1][1], product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
        return product == 0 ? 0 : (tp * tn - fp * fn) / Math.Sqrt(product);
    }

    private static IEnumerable<Sentence> Draw(IEnumerable<Sentence> rows, int perClass, int seed)
    {
        Sentence[] all = [.. rows];
        new Random(seed).Shuffle(all);
        return all.GroupBy(row => row.Label).SelectMany(ofClass => ofClass.Take(perClass));
    }
}
