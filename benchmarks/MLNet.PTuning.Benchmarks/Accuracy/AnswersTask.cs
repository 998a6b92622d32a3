// Question answering, trained and scored as an app does it: files in SQuAD's form, a pipeline, and the scores of SQuAD's script.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

/// <summary>Two files in SQuAD's form.</summary>
/// <param name="TrainFile">Trained on.</param>
/// <param name="DevelopmentFile">Scored.</param>
internal sealed record SquadFiles(string TrainFile, string DevelopmentFile)
{
    /// <summary>XQuAD's English questions, which are some of SQuAD 1.1's development file, and MLQA's English development file.</summary>
    public static readonly SquadFiles English = new("xquad/xquad.en.json", "mlqa_en_dev/dev-context-en-question-en.json");

    /// <summary>XQuAD's Chinese questions and CMRC 2018's trial file.</summary>
    public static readonly SquadFiles Chinese = new("xquad/xquad.zh.json", "cmrc2018_squadstyle/cmrc2018_trial.json");
}

internal static class AnswersTask
{
    /// <summary>A run on two files: F1 of the second one's questions, or of held-out questions of the first.</summary>
    public static Func<Folders, Recipe, AccuracyRun> On(SquadFiles files) => (folders, recipe) =>
    {
        var ml = new MLContext(recipe.Seed);
        var (training, heldOut) = recipe.Split(ml.Data.CreateEnumerable<Question>(ml.Data.LoadFromSquad(Path.Combine(folders.Data, files.TrainFile)), reuseRowObject: false));
        var options = recipe.Apply(new QuestionAnsweringOptions(folders.Backbone));
        using var model = ml.Transforms.PTuningV2AnswerQuestions(options).Fit(ml.Data.LoadFromEnumerable(training));
        var scored = heldOut is null ? ml.Data.LoadFromSquad(Path.Combine(folders.Data, files.DevelopmentFile)) : ml.Data.LoadFromEnumerable(heldOut);
        var metrics = ml.MulticlassClassification.EvaluateAnswers(model.Transform(scored));
        var report = model.Report!;
        return new AccuracyRun(recipe.Seed, metrics.All.F1, report.Rows, report.Epochs.Count, report.TrainedParameters, report.Seconds, report.Epochs[^1].TrainingLoss) { ExactMatch = metrics.All.ExactMatch };
    };

    private sealed class Question
    {
        public string Context { get; set; } = "";

        [Microsoft.ML.Data.ColumnName("Question")]
        public string Text { get; set; } = "";

        public string[] TrainingAnswer { get; set; } = [];

        public int[] AnswerIndex { get; set; } = [];
    }
}
