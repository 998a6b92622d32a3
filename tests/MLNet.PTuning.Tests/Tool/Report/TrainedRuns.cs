// A finished run of each task, of tiny models that are really trained, which test classes read.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Pipeline;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool.Report;

public sealed class TrainedRuns : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TinyDecoder _decoder = new();
    private readonly MLContext _ml = new(seed: 1);

    public TrainedRuns()
    {
        All = new()
        {
            [TaskKind.Classify] = Classify(), [TaskKind.Label] = Label(), [TaskKind.Answer] = Answer(), [TaskKind.Choose] = Choose(), [TaskKind.Generate] = Generate(),
        };
    }

    internal Dictionary<TaskKind, TrainingRun> All { get; }

    /// <summary>The rows that the classifier is tested on, with what it gives for them.</summary>
    internal IDataView ClassifiedRows { get; private set; } = null!;

    /// <summary>The rows that the labeler is tested on, with what it gives for them.</summary>
    internal IDataView LabeledRows { get; private set; } = null!;

    public void Dispose()
    {
        _backbone.Dispose();
        _decoder.Dispose();
    }

    private TrainingRun Classify()
    {
        List<Review> training = Reviews.Rows(48, classes: 3), test = Reviews.Rows(60, classes: 3, seed: 2);
        var options = Reviews.Options(_backbone);
        (options.Epochs, options.ValidationShare, options.CalibrateOn) = (5, 0.25, CalibrationRows.Validation);
        var model = Reviews.Train(options, training);
        var headOptions = Reviews.Options(_backbone);
        (headOptions.Method, headOptions.Epochs) = (new HeadOnly(), 3);
        var head = Reviews.Train(headOptions, training);
        ClassifiedRows = model.Transform(_ml.Data.LoadFromEnumerable(test));
        TestRow[] rows = [.. test.Zip(Reviews.Predict(model, test), (row, p) => new ClassifiedText(Line(row, test), row.Text!, null, row.Label!, model.ClassNames[(int)p.PredictedLabel - 1], p.Score))];
        double headAccuracy = test.Zip(Reviews.Predict(head, test)).Average(pair => head.ClassNames[(int)pair.Second.PredictedLabel - 1] == pair.First.Label ? 1.0 : 0);
        return TestRuns.Run(TaskKind.Classify, options, model.Report!, rows) with
        {
            ClassNames = model.ClassNames, Scores = new("accuracy", new Dictionary<string, double> { ["accuracy"] = rows.Average(r => r.IsCorrect ? 1.0 : 0), ["logLoss"] = 0.4321 }),
            HeadOnly = new("accuracy", new Dictionary<string, double> { ["accuracy"] = headAccuracy }), HeadOnlyTraining = head.Report, Majority = new("accuracy", new Dictionary<string, double> { ["accuracy"] = 1 / 3.0 }),
            Search = new SearchReport([new(new PromptSetting(4, 0.01, 0.1, false, 1), 1, 2, 0.75, 0.5, 1.5, null), new(new PromptSetting(8, 0.03, 0, true, 2), 2, 4, 0.875, 0.25, 3, null), new(new PromptSetting(8, 0.3, 0, true, 3), 1, 2, null, null, 0.5, "diverged")], 5),
        };
    }

    private TrainingRun Label()
    {
        List<Sentence> training = Sentences.Rows(48), test = Sentences.Rows(40, seed: 2);
        var options = Sentences.Options(_backbone);
        options.Epochs = 6;
        var model = Sentences.Train(options, training);
        LabeledRows = model.Transform(_ml.Data.LoadFromEnumerable(test));
        TestRow[] rows = [.. test.Zip(Sentences.Predict<LabeledSentence>(model, test), (row, p) => new LabeledWords(Line(row, test), row.Words, row.Label,
            Array.ConvertAll(p.PredictedLabel, key => model.ClassNames[(int)key - 1]), [.. p.PredictedLabel.Select((key, i) => p.Score[i * model.ClassNames.Count + (int)key - 1])]))];
        var metrics = _ml.MulticlassClassification.EvaluateTokenLabels(LabeledRows);
        return TestRuns.Run(TaskKind.Label, options, model.Report!, rows) with
        {
            ClassNames = model.ClassNames, Scores = new("entityF1", new Dictionary<string, double> { ["entityF1"] = metrics.Micro.F1, ["wordAccuracy"] = metrics.TokenAccuracy }),
        };
    }

    private TrainingRun Answer()
    {
        var test = Questions.Rows(30, unanswerable: true, seed: 2);
        var options = Questions.Options(_backbone);
        options.Epochs = 6;
        var model = Questions.Train(options, Questions.Rows(36, unanswerable: true));
        TestRow[] rows = [.. test.Zip(Questions.Predict(model, test), (row, p) => new MLNet.PTuning.Tool.Run.AnsweredQuestion(Line(row, test), row.Context!, row.Question!, row.Answers, p.PredictedAnswer[0], p.Score[0],
            p.PredictedAnswer[0] == row.TrainingAnswer ? 1 : 0, p.PredictedAnswer[0] == row.TrainingAnswer))];
        var metrics = Questions.Evaluate(model, test);
        return TestRuns.Run(TaskKind.Answer, options, model.Report!, rows) with { Scores = new("f1", new Dictionary<string, double> { ["exactMatch"] = metrics.All.ExactMatch, ["f1"] = metrics.All.F1 }) };
    }

    private TrainingRun Choose()
    {
        var options = new MultipleChoiceOptions(_backbone.Path) { Epochs = 4, LearningRate = 0.03, BatchSize = 8 };
        ChoiceRow[] training = ChoiceRow.Rows(40, seed: 1), test = ChoiceRow.Rows(30, seed: 2);
        var model = _ml.Transforms.PTuningV2Choose(options).Fit(_ml.Data.LoadFromEnumerable(training));
        var predicted = _ml.Data.CreateEnumerable<ChosenRow>(model.Transform(_ml.Data.LoadFromEnumerable(test)), reuseRowObject: false);
        TestRow[] rows = [.. test.Zip(predicted, (row, p) => new ChosenText(Line(row, test), row.Premise, row.Choices, (int)row.Label, p.PredictedLabel, p.Score))];
        return TestRuns.Run(TaskKind.Choose, options, model.Report!, rows) with { Scores = new("accuracy", new Dictionary<string, double> { ["accuracy"] = rows.Average(r => r.IsCorrect ? 1.0 : 0) }) };
    }

    private TrainingRun Generate()
    {
        var options = Endings.Options(_decoder);
        var model = Endings.Train(options);
        var test = Endings.Rows(20, seed: 2);
        var written = model.Transform(_ml.Data.LoadFromEnumerable(test));
        var metrics = _ml.MulticlassClassification.EvaluateGeneratedText(written);
        TestRow[] rows = [.. test.Zip(Endings.Texts(model, test), (row, text) => new GeneratedText(Line(row, test), row.Text!, row.Target!, text))];
        return TestRuns.Run(TaskKind.Generate, options, model.Report!, rows) with
        {
            Scores = new("rougeL", new Dictionary<string, double> { ["rougeL"] = metrics.RougeL, ["bleu"] = metrics.Bleu, ["perplexity"] = model.Perplexity(_ml.Data.LoadFromEnumerable(test)) }),
        };
    }

    private static string Line<T>(T row, IList<T> rows) => (rows.IndexOf(row) + 2).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private sealed class ChoiceRow
    {
        public string Premise { get; set; } = "";
        public string[] Choices { get; set; } = [];
        public float Label { get; set; }

        public static ChoiceRow[] Rows(int count, int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(i => new ChoiceRow { Premise = "the film was", Choices = i % 2 == 0 ? ["good", random.GetItems(["bad", "dull"], 1)[0]] : [random.GetItems(["bad", "dull"], 1)[0], "good"], Label = i % 2 })];
        }
    }

    private sealed class ChosenRow
    {
        public int PredictedLabel { get; set; }
        public float[] Score { get; set; } = [];
    }
}
