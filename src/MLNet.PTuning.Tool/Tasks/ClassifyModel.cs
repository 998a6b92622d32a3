// Classes of texts and of pairs of texts.
using Microsoft.ML;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Tasks;

internal sealed class ClassifyModel : TaskModel
{
    public override TaskKind Kind => TaskKind.Classify;

    public override PTuningOptions Options(string backbone, IReadOnlyList<InputColumn> columns, Pooling pooling) => new TextClassificationOptions(backbone)
    {
        TextPairColumnName = columns.Any(column => column.Input == "TextPair") ? "TextPair" : null, Pooling = pooling,
    };

    public override IDataView TrainingView(MLContext ml, IEnumerable<TaskRow> rows, IReadOnlyList<InputColumn> columns) => View<TextRow>(ml, rows, columns.Select(column => column.Input));

    public override TrainedModel Train(MLContext ml, PTuningOptions options, PromptSearchOptions? search, IDataView data)
    {
        var own = (TextClassificationOptions)options;
        IEstimator<PTuningClassificationTransformer> estimator = search is null ? ml.Transforms.PTuningV2Classify(own) : ml.Transforms.PTuningV2Search(own, search);
        var model = ml.Transforms.Conversion.MapValueToKey("Label").Append(estimator).Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);
        return new TrainedModel(model, ((IEnumerable<ITransformer>)model).OfType<PTuningTransformer>().Single());
    }

    public override IEnumerable<TestRow> Predict(MLContext ml, ITransformer model, IEnumerable<TaskRow> rows) =>
        Predictions<TextRow, Predicted>(ml, model, rows).Select(row => new ClassifiedText(row.Place, row.Text, row.TextPair.Length == 0 ? null : row.TextPair, row.GoldLabel, row.PredictedLabel, row.Score));

    public override TestScores Score(MLContext ml, IReadOnlyList<TestRow> rows) => Scores([.. rows.Cast<ClassifiedText>().Select(row => (row.Gold, row.Predicted))]);

    public override TestScores? Majority(MLContext ml, IReadOnlyList<TestRow> rows, IReadOnlyList<ClassRows> classes) => Scores([.. rows.Cast<ClassifiedText>().Select(row => (row.Gold, classes[0].Label))]);

    // Macro F1 is over the classes that test rows have.
    private static TestScores Scores((string Gold, string Predicted)[] rows)
    {
        var gold = rows.CountBy(row => row.Gold).ToDictionary();
        var predicted = rows.CountBy(row => row.Predicted).ToDictionary();
        var right = rows.Where(row => row.Gold == row.Predicted).CountBy(row => row.Gold).ToDictionary();
        double macro = gold.Count == 0 ? 0 : gold.Average(c => 2.0 * right.GetValueOrDefault(c.Key) / (c.Value + predicted.GetValueOrDefault(c.Key)));
        return new TestScores("accuracy", new Dictionary<string, double> { ["accuracy"] = Share(right.Values.Sum(), rows.Length), ["macroF1"] = macro });
    }

    private sealed class Predicted
    {
        public string Place { get; set; } = "";
        public string Text { get; set; } = "";
        public string TextPair { get; set; } = "";
        public string GoldLabel { get; set; } = "";
        public string PredictedLabel { get; set; } = "";
        public float[] Score { get; set; } = [];
    }
}
