// One of the choices that a text has.
using Microsoft.ML;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Tasks;

internal sealed class ChooseModel : TaskModel
{
    public override TaskKind Kind => TaskKind.Choose;

    public override PTuningOptions Options(string backbone, IReadOnlyList<InputColumn> columns, Pooling pooling) => new MultipleChoiceOptions(backbone)
    {
        QuestionColumnName = columns.Any(column => column.Input == "Question") ? "Question" : null, Pooling = pooling,
    };

    public override IDataView TrainingView(MLContext ml, IEnumerable<TaskRow> rows, IReadOnlyList<InputColumn> columns) => View<ChoiceRow>(ml, rows, columns.Select(column => column.Input));

    public override TrainedModel Train(MLContext ml, PTuningOptions options, PromptSearchOptions? search, IDataView data)
    {
        var own = (MultipleChoiceOptions)options;
        IEstimator<PTuningMultipleChoiceTransformer> estimator = search is null ? ml.Transforms.PTuningV2Choose(own) : ml.Transforms.PTuningV2Search(own, search);
        var model = estimator.Fit(data);
        return new TrainedModel(model, model);
    }

    public override IEnumerable<TestRow> Predict(MLContext ml, ITransformer model, IEnumerable<TaskRow> rows) => Predictions<ChoiceRow, Predicted>(ml, model, rows).Select(row =>
        new ChosenText(row.Place, row.Question.Length == 0 ? row.Premise : $"{row.Premise} {row.Question}", row.Choices, row.Label, row.PredictedLabel, row.Score));

    public override TestScores Score(MLContext ml, IReadOnlyList<TestRow> rows) => new("accuracy", new Dictionary<string, double>
    {
        ["accuracy"] = Share(rows.Count(row => row.IsCorrect), rows.Count),
        // What choosing at random gives, in the mean.
        ["chance"] = rows.Count == 0 ? 0 : rows.Cast<ChosenText>().Average(row => 1.0 / row.Choices.Length),
    });

    private sealed class Predicted
    {
        public string Place { get; set; } = "";
        public string Premise { get; set; } = "";
        public string Question { get; set; } = "";
        public string[] Choices { get; set; } = [];
        public int Label { get; set; }
        public int PredictedLabel { get; set; }
        public float[] Score { get; set; } = [];
    }
}
