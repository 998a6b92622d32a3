// The demonstration from training to answers of a model that was saved and loaded again.
using System.Globalization;
using Microsoft.ML;
using MLNet.PTuning;
using Spectre.Console;

namespace QuestionAnswering;

internal sealed record DemoSettings(string Backbone, string Train, string Test, string Model, long? Rows, int? Epochs, int PromptLength, double? Rate, int Seed, Conversation Conversation);

internal sealed class Demo(DemoSettings settings)
{
    /// <summary>Questions about the example's own text; the last has no answer there.</summary>
    public static readonly string[] Samples =
    [
        "On which day is the garbage collected?",
        "Who has the key to the attic?",
        "How long may a guest's bicycle stand in the yard?",
        "What did the new boiler cost?",
        "In which year was the house built?",
    ];

    private const int TestQuestionsShown = 7;

    private readonly MLContext _ml = new(settings.Seed);

    public void Run()
    {
        IDataView train = _ml.Data.LoadFromSquad(settings.Train), test = _ml.Data.LoadFromSquad(settings.Test);
        if (settings.Rows is { } rows) train = _ml.Data.TakeRows(train, rows);

        using var model = Train(train);
        var metrics = _ml.MulticlassClassification.EvaluateAnswers(model.Transform(test));
        Console.WriteLine(metrics.GetFormattedTable());
        foreach (var row in _ml.Data.CreateEnumerable<TestedQuestion>(model.Transform(_ml.Data.TakeRows(test, TestQuestionsShown)), reuseRowObject: false))
            MarkedText.Write(row.Question, row.Context, row, row.TrainingAnswer);

        _ml.Model.SaveSafely(model, train.Schema, settings.Model);
        Console.WriteLine($"Saved in {settings.Model}; the answers below are those of the model that is loaded from it.");
        Console.WriteLine();
        var loaded = _ml.Model.Load(settings.Model, out _);
        settings.Conversation.Hold(_ml, loaded);
        (loaded as IDisposable)?.Dispose();

        var report = model.Report!;
        Console.WriteLine(FormattableString.Invariant($"answers: F1 {metrics.All.F1:f3}, exact match {metrics.All.ExactMatch:f3} on {metrics.All.Questions} questions, ")
            + FormattableString.Invariant($"trained {report.TrainedParameters} of {report.TotalParameters} parameters ({100 * report.TrainedShare:f2} %) ")
            + FormattableString.Invariant($"on {report.Rows} questions in {report.Seconds:f1} s, model file {new FileInfo(settings.Model).Length / 1024.0:f0} KB"));
    }

    private PTuningQuestionAnsweringTransformer Train(IDataView train) => AnsiConsole.Progress().Start(progress =>
        _ml.Transforms.PTuningV2AnswerQuestions(new QuestionAnsweringOptions(settings.Backbone)
        {
            Method = new DeepPrompt { Length = settings.PromptLength },
            Epochs = settings.Epochs,
            LearningRate = settings.Rate,
            Progress = new StepProgress(progress.AddTask("P-Tuning v2")),
        }).Fit(train));

    /// <summary>A question of a file in SQuAD's form with the model's answers.</summary>
    private sealed class TestedQuestion : Answered
    {
        public string Context { get; set; } = "";

        public string Question { get; set; } = "";

        public string[] TrainingAnswer { get; set; } = [];
    }

    private sealed class StepProgress(ProgressTask bar) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            bar.MaxValue = value.Epochs * value.Steps;
            bar.Value = (value.Epoch - 1) * value.Steps + value.Step;
            bar.Description = string.Create(CultureInfo.InvariantCulture, $"P-Tuning v2, epoch {value.Epoch} of {value.Epochs}, loss {value.Loss:f3}");
        }
    }
}
