// Labelling of words, trained and scored as an app does it: column files, a pipeline, and this library's evaluator.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class LabellingTask
{
    /// <summary>The newswire of CoNLL-2003: four entity types, tags read as IOB1 and trained as IOB2.</summary>
    public static AccuracyRun Conll2003(Folders folders, Recipe recipe) =>
        Train(folders, recipe, "conll2003/eng.train", "conll2003/eng.testa", new ConllOptions { Scheme = TagScheme.Iob1, ConvertTo = TagScheme.Iob2 });

    /// <summary>The posts of WNUT-17: six entity types whose names hardly occur twice.</summary>
    public static AccuracyRun Wnut17(Folders folders, Recipe recipe) =>
        Train(folders, recipe, "wnut17/wnut17train.conll", "wnut17/emerging.dev.conll", new ConllOptions { Separator = ConllSeparator.Tab, Scheme = TagScheme.Iob2 });

    private static AccuracyRun Train(Folders folders, Recipe recipe, string train, string development, ConllOptions form)
    {
        var ml = new MLContext(recipe.Seed);
        var rows = ml.Data.TakeRows(ml.Data.LoadFromConll(Path.Combine(folders.Data, train), form), recipe.Rows);
        var options = recipe.Apply(new TokenLabellingOptions(folders.Backbone) { Scheme = TagScheme.Iob2 });
        var model = ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2LabelTokens(options)).Fit(rows);
        using var labeller = model.LastTransformer;
        var metrics = ml.MulticlassClassification.EvaluateTokenLabels(
            model.Transform(ml.Data.LoadFromConll(Path.Combine(folders.Data, development), form)), scheme: TagScheme.Iob2);
        var report = labeller.Report!;
        return new AccuracyRun(recipe.Seed, metrics.Micro.F1, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss);
    }
}
