// Answers to questions, found in texts.
using Microsoft.ML;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Tasks;

internal sealed class AnswerModel : TaskModel
{
    public override TaskKind Kind => TaskKind.Answer;

    public override PTuningOptions Options(string backbone, IReadOnlyList<InputColumn> columns, Pooling pooling) => new QuestionAnsweringOptions(backbone);

    public override IDataView TrainingView(MLContext ml, IEnumerable<TaskRow> rows, IReadOnlyList<InputColumn> columns) =>
        View<QuestionRow>(ml, rows, [nameof(QuestionRow.Context), nameof(QuestionRow.Question), nameof(QuestionRow.TrainingAnswer), nameof(QuestionRow.AnswerIndex)]);

    public override TrainedModel Train(MLContext ml, PTuningOptions options, PromptSearchOptions? search, IDataView data)
    {
        var own = (QuestionAnsweringOptions)options;
        IEstimator<PTuningQuestionAnsweringTransformer> estimator = search is null ? ml.Transforms.PTuningV2AnswerQuestions(own) : ml.Transforms.PTuningV2Search(own, search);
        var model = estimator.Fit(data);
        return new TrainedModel(model, model);
    }

    public override IEnumerable<TestRow> Predict(MLContext ml, ITransformer model, IEnumerable<TaskRow> rows) => Predictions<QuestionRow, Predicted>(ml, model, rows).Select(row =>
    {
        string answer = row.PredictedAnswer.Length > 0 ? row.PredictedAnswer[0] : "";
        var score = Metrics(ml, [new Pair { TrainingAnswer = row.TrainingAnswer, PredictedAnswer = [answer] }]);
        return new AnsweredQuestion(row.Place, row.Context, row.Question, row.TrainingAnswer, answer, row.Score.Length > 0 ? row.Score[0] : 0, score.F1, score.ExactMatch == 1);
    });

    public override TestScores Score(MLContext ml, IReadOnlyList<TestRow> rows)
    {
        var score = Metrics(ml, [.. rows.Cast<AnsweredQuestion>().Select(row => new Pair { TrainingAnswer = row.Gold, PredictedAnswer = [row.Predicted] })]);
        return new TestScores("f1", new Dictionary<string, double> { ["f1"] = score.F1, ["exactMatch"] = score.ExactMatch });
    }

    private static AnswerScore Metrics(MLContext ml, List<Pair> rows) => ml.MulticlassClassification.EvaluateAnswers(ml.Data.LoadFromEnumerable(rows)).All;

    private sealed class Pair
    {
        public string[] TrainingAnswer { get; set; } = [];
        public string[] PredictedAnswer { get; set; } = [];
    }

    private sealed class Predicted
    {
        public string Place { get; set; } = "";
        public string Context { get; set; } = "";
        public string Question { get; set; } = "";
        public string[] TrainingAnswer { get; set; } = [];
        public string[] PredictedAnswer { get; set; } = [];
        public float[] Score { get; set; } = [];
    }
}
