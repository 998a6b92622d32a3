// Named entities, trained and scored as an app does it: column files, a pipeline, and the entity metrics of the CoNLL evaluation.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class LabellingTask
{
    /// <summary>CoNLL-2003's English news, whose tags are IOB1 and are taken as IOB2.</summary>
    public static AccuracyRun Conll2003(Folders folders, Recipe recipe) =>
        Train(folders, recipe, "conll2003", "eng.train", "eng.testa", new ConllOptions { Scheme = TagScheme.Iob1, ConvertTo = TagScheme.Iob2 });

    /// <summary>WNUT-17's rare and emerging entities in user-written text.</summary>
    public static AccuracyRun Wnut17(Folders folders, Recipe recipe) =>
        Train(folders, recipe, "wnut17", "wnut17train.conll", "emerging.dev.conll", new ConllOptions { Separator = ConllSeparator.Tab, Scheme = TagScheme.Iob2 });

    private static AccuracyRun Train(Folders folders, Recipe recipe, string set, string trainFile, string developmentFile, ConllOptions form)
    {
        var ml = new MLContext(recipe.Seed);
        var train = ml.Data.TakeRows(ml.Data.LoadFromConll(Path.Combine(folders.Data, set, trainFile), form), recipe.Rows);
        var development = ml.Data.LoadFromConll(Path.Combine(folders.Data, set, developmentFile), form);
        var label = ml.Transforms.PTuningV2LabelTokens(recipe.Apply(new TokenLabellingOptions(folders.Backbone)));
        // The wanted tags are kept as text: keys would leave out those that the training rows do not have.
        var model = ml.Transforms.CopyColumns("Wanted", "Label").Append(ml.Transforms.Conversion.MapValueToKey("Label")).Append(label).Fit(train);
        using var labeller = model.LastTransformer;
        var metrics = ml.MulticlassClassification.EvaluateTokenLabels(model.Transform(development), "Wanted");
        var report = labeller.Report!;
        return new AccuracyRun(recipe.Seed, metrics.Micro.F1, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss);
    }
}
