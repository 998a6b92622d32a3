// Labels of words, trained and scored as an app does it: column files, a pipeline, and the entity metrics of the CoNLL evaluation.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class LabelingTask
{
    /// <summary>CoNLL-2003's English news, whose tags are IOB1 and are taken as IOB2.</summary>
    public static readonly ColumnFiles Conll = new("conll2003", "eng.train", "eng.testa", new ConllOptions { Scheme = TagScheme.Iob1, ConvertTo = TagScheme.Iob2 });

    /// <summary>WNUT-17's rare and emerging entities in user-written text.</summary>
    public static readonly ColumnFiles Wnut = new("wnut17", "wnut17train.conll", "emerging.dev.conll", new ConllOptions { Separator = ConllSeparator.Tab, Scheme = TagScheme.Iob2 });

    /// <summary>Semantic roles in English web text, a row a predicate. The published training file needs a licensed corpus, so the development file is trained on and the test file scored.</summary>
    public static readonly ColumnFiles Propbank = new("srl_up_english_ewt", "en_ewt-up-dev.conllu", "en_ewt-up-test.conllu", ConllOptions.UniversalPropBank());

    public static AccuracyRun Conll2003(Folders folders, Recipe recipe) => Train(folders, recipe, Conll);

    public static AccuracyRun Wnut17(Folders folders, Recipe recipe) => Train(folders, recipe, Wnut);

    public static AccuracyRun Roles(Folders folders, Recipe recipe) => Train(folders, recipe, Propbank);

    /// <summary>Trains once and scores the development file, or held-out rows.</summary>
    public static AccuracyRun Train(Folders folders, Recipe recipe, ColumnFiles files)
    {
        var ml = new MLContext(recipe.Seed);
        bool hasPredicates = files.Form.PredicateColumn is not null;
        var (training, heldOut) = hasPredicates ? Split<SentenceWithPredicate>(ml, recipe, files.Train(ml, folders)) : Split<Sentence>(ml, recipe, files.Train(ml, folders));
        var options = recipe.Apply(new TokenLabelingOptions(folders.Backbone) { PredicateColumnName = hasPredicates ? nameof(SentenceWithPredicate.Predicate) : null });
        if (hasPredicates) options.Scheme = TagScheme.Plain;
        // The gold tags are kept as text: keys would leave out those that the training rows do not have.
        var model = ml.Transforms.CopyColumns("Gold", "Label").Append(ml.Transforms.Conversion.MapValueToKey("Label")).Append(ml.Transforms.PTuningV2LabelTokens(options)).Fit(training);
        using var labeler = model.LastTransformer;
        var metrics = ml.MulticlassClassification.EvaluateTokenLabels(model.Transform(heldOut ?? files.Development(ml, folders)), "Gold", scheme: options.Scheme);
        var report = labeler.Report!;
        return new AccuracyRun(recipe.Seed, metrics.Micro.F1, report.Rows, report.Epochs.Count, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss);
    }

    private static (IDataView Training, IDataView? HeldOut) Split<TRow>(MLContext ml, Recipe recipe, IDataView view) where TRow : class, new()
    {
        var (training, heldOut) = recipe.Split(ml.Data.CreateEnumerable<TRow>(view, reuseRowObject: false));
        return (ml.Data.LoadFromEnumerable(training), heldOut is null ? null : ml.Data.LoadFromEnumerable(heldOut));
    }

    private class Sentence
    {
        public string[] Words { get; set; } = [];

        public string[] Label { get; set; } = [];
    }

    private sealed class SentenceWithPredicate : Sentence
    {
        public int Predicate { get; set; }
    }
}

/// <summary>A data set of words and tags in columns.</summary>
internal sealed record ColumnFiles(string Folder, string TrainFile, string DevelopmentFile, ConllOptions Form)
{
    public IDataView Train(MLContext ml, Folders folders) => ml.Data.LoadFromConll(Path.Combine(folders.Data, Folder, TrainFile), Form);

    public IDataView Development(MLContext ml, Folders folders) => ml.Data.LoadFromConll(Path.Combine(folders.Data, Folder, DevelopmentFile), Form);
}
