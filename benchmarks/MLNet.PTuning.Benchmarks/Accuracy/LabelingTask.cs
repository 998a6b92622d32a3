// Named entities, trained and scored as an app does it: column files, a pipeline, and the entity metrics of the CoNLL evaluation.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class LabelingTask
{
    /// <summary>CoNLL-2003's English news, whose tags are IOB1 and are taken as IOB2.</summary>
    public static readonly ColumnFiles Conll = new("conll2003", "eng.train", "eng.testa", new ConllOptions { Scheme = TagScheme.Iob1, ConvertTo = TagScheme.Iob2 });

    /// <summary>WNUT-17's rare and emerging entities in user-written text.</summary>
    public static readonly ColumnFiles Wnut = new("wnut17", "wnut17train.conll", "emerging.dev.conll", new ConllOptions { Separator = ConllSeparator.Tab, Scheme = TagScheme.Iob2 });

    public static AccuracyRun Conll2003(Folders folders, Recipe recipe) => Train(folders, recipe, Conll);

    public static AccuracyRun Wnut17(Folders folders, Recipe recipe) => Train(folders, recipe, Wnut);

    /// <summary>Trains once, from random values or from a prompt, and scores the development file.</summary>
    public static AccuracyRun Train(Folders folders, Recipe recipe, ColumnFiles files, PeftFolder? start = null)
    {
        var ml = new MLContext(recipe.Seed);
        var train = ml.Data.TakeRows(files.Train(ml, folders), recipe.Rows);
        var options = recipe.Apply(new TokenLabelingOptions(folders.Backbone));
        options.StartFrom = start;
        // The gold tags are kept as text: keys would leave out those that the training rows do not have.
        var model = ml.Transforms.CopyColumns("Gold", "Label").Append(ml.Transforms.Conversion.MapValueToKey("Label")).Append(ml.Transforms.PTuningV2LabelTokens(options)).Fit(train);
        using var labeler = model.LastTransformer;
        var metrics = ml.MulticlassClassification.EvaluateTokenLabels(model.Transform(files.Development(ml, folders)), "Gold");
        var report = labeler.Report!;
        return new AccuracyRun(recipe.Seed, metrics.Micro.F1, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss);
    }
}

/// <summary>A data set of words and tags in columns.</summary>
internal sealed record ColumnFiles(string Folder, string TrainFile, string DevelopmentFile, ConllOptions Form)
{
    public IDataView Train(MLContext ml, Folders folders) => ml.Data.LoadFromConll(Path.Combine(folders.Data, Folder, TrainFile), Form);

    public IDataView Development(MLContext ml, Folders folders) => ml.Data.LoadFromConll(Path.Combine(folders.Data, Folder, DevelopmentFile), Form);
}
