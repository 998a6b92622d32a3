// A task of SuperGLUE, trained and scored as an app does it: its files, the step that suits it, and an evaluator.
using Microsoft.ML;
using Microsoft.ML.Transforms;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class SuperGlueRun
{
    // A training file with as few rows is FewGLUE's part of one.
    private const int FewRows = 32;

    // Folders of the tasks' folders among the data sets, in the order in which they are looked at.
    private static readonly string[] Parents = ["superglue", "superglue_full", "superglue_fewglue32"];

    /// <summary>The task's name, which its folder has too.</summary>
    public static string NameOf(SuperGlueTask task) => SuperGlueForm.Of(task).Folder;

    /// <summary>Trains once and scores the validation file; where the training file has a few rows alone, trains on the first four fifths of the validation file and scores the rest.</summary>
    /// <exception cref="FileNotFoundException">The task's files are not there.</exception>
    public static AccuracyRun Train(Folders folders, Recipe recipe, SuperGlueTask task)
    {
        var ml = new MLContext(recipe.Seed);
        string folder = Parents.Select(parent => Path.Combine(folders.Data, parent)).FirstOrDefault(parent => File.Exists(Path.Combine(parent, NameOf(task), "val.jsonl")))
            ?? throw new FileNotFoundException($"There is no {NameOf(task)}/val.jsonl in {folders.Data}/superglue; download SuperGLUE's tasks to that folder.");
        IDataView training = ml.Data.LoadFromSuperGlue(folder, task), scored = ml.Data.LoadFromSuperGlue(folder, task, SuperGlueSplit.Validation);
        // MultiRC has a row for each answer, so lines are counted.
        if (File.ReadLines(Path.Combine(folder, NameOf(task), "train.jsonl")).Count() <= FewRows) (training, scored) = FourFifths(ml, scored);
        if (recipe.Rows is { } rows) training = ml.Data.TakeRows(training, rows);
        if (recipe.HoldsOut) (training, scored) = FourFifths(ml, training);
        return task is SuperGlueTask.Copa or SuperGlueTask.Record ? Choose(ml, folders, recipe, task, training, scored) : Classify(ml, folders, recipe, task, training, scored);
    }

    private static (IDataView First, IDataView Last) FourFifths(MLContext ml, IDataView rows)
    {
        long count = ml.Data.CreateEnumerable<Labeled>(rows, reuseRowObject: true, ignoreMissingColumns: true).LongCount() * 4 / 5;
        return (ml.Data.TakeRows(rows, count), ml.Data.SkipRows(rows, count));
    }

    private static AccuracyRun Classify(MLContext ml, Folders folders, Recipe recipe, SuperGlueTask task, IDataView training, IDataView scored)
    {
        var options = recipe.Apply(new TextClassificationOptions(folders.Backbone) { TextPairColumnName = task == SuperGlueTask.Wsc ? null : "TextPair" });
        if (task is SuperGlueTask.Wic or SuperGlueTask.Wsc) options.Spans = [new SpanColumns("Start1", "End1"), new SpanColumns("Start2", "End2") { InPair = task == SuperGlueTask.Wic }];
        var model = ml.Transforms.Conversion.MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Append(ml.Transforms.PTuningV2Classify(options)).Fit(training);
        using var classifier = model.LastTransformer;
        var metrics = ml.MulticlassClassification.Evaluate(model.Transform(scored));
        return Run(recipe, classifier.Report!, task == SuperGlueTask.MultiRc ? F1OfSecondClass(metrics.ConfusionMatrix.Counts) : metrics.MicroAccuracy);
    }

    private static AccuracyRun Choose(MLContext ml, Folders folders, Recipe recipe, SuperGlueTask task, IDataView training, IDataView scored)
    {
        var options = recipe.Apply(new MultipleChoiceOptions(folders.Backbone) { QuestionColumnName = task == SuperGlueTask.Copa ? "Question" : null });
        using var model = ml.Transforms.PTuningV2Choose(options).Fit(training);
        var predicted = model.Transform(scored);
        // A query of ReCoRD has several right entities, all of whose names count.
        double score = task == SuperGlueTask.Copa ? ml.MulticlassClassification.EvaluateChoices(predicted).Accuracy
            : ml.Data.CreateEnumerable<Query>(predicted, reuseRowObject: true).Average(row => row.PredictedLabel >= 0 && row.Answers.Contains(row.Entities[row.PredictedLabel]) ? 1.0 : 0.0);
        return Run(recipe, model.Report!, score);
    }

    private static AccuracyRun Run(Recipe recipe, TrainingReport report, double score) =>
        new(recipe.Seed, score, report.Rows, report.Epochs.Count, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss);

    private static double F1OfSecondClass(IReadOnlyList<IReadOnlyList<double>> counts) => counts[1][1] == 0 ? 0 : 2 * counts[1][1] / (2 * counts[1][1] + counts[0][1] + counts[1][0]);

    private sealed class Labeled
    {
        public string Text { get; set; } = "";
    }

    private sealed class Query
    {
        public int PredictedLabel { get; set; }
        public string[] Answers { get; set; } = [];
        public string[] Entities { get; set; } = [];
    }
}
