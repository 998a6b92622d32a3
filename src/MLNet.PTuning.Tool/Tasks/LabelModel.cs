// Labels of words.
using Microsoft.ML;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Tasks;

internal sealed class LabelModel : TaskModel
{
    public override TaskKind Kind => TaskKind.Label;

    public override PTuningOptions Options(string backbone, IReadOnlyList<InputColumn> columns, Pooling pooling) => new TokenLabelingOptions(backbone);

    public override IDataView TrainingView(MLContext ml, IEnumerable<TaskRow> rows, IReadOnlyList<InputColumn> columns) => View<WordsRow>(ml, rows, columns.Select(column => column.Input));

    public override TrainedModel Train(MLContext ml, PTuningOptions options, PromptSearchOptions? search, IDataView data)
    {
        var own = (TokenLabelingOptions)options;
        IEstimator<PTuningTokenLabelingTransformer> estimator = search is null ? ml.Transforms.PTuningV2LabelTokens(own) : ml.Transforms.PTuningV2Search(own, search);
        var model = ml.Transforms.Conversion.MapValueToKey("Label").Append(estimator).Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);
        return new TrainedModel(model, ((IEnumerable<ITransformer>)model).OfType<PTuningTransformer>().Single());
    }

    public override IEnumerable<TestRow> Predict(MLContext ml, ITransformer model, IEnumerable<TaskRow> rows) => Predictions<WordsRow, Predicted>(ml, model, rows).Select(row =>
    {
        // A row of probabilities for each word.
        int classes = row.Words.Length == 0 ? 1 : row.Score.Length / row.Words.Length;
        float[] probabilities = [.. Enumerable.Range(0, row.PredictedLabel.Length).Select(word => row.Score.AsSpan(word * classes, classes).ToArray().Max())];
        return new LabeledWords(row.Place, row.Words, row.GoldLabels, row.PredictedLabel, probabilities);
    });

    public override TestScores Score(MLContext ml, IReadOnlyList<TestRow> rows) => Scores(ml, rows.Cast<LabeledWords>().Select(row => new Pair { Label = row.Gold, PredictedLabel = row.Predicted }));

    public override TestScores? Majority(MLContext ml, IReadOnlyList<TestRow> rows, IReadOnlyList<ClassRows> classes) =>
        Scores(ml, rows.Cast<LabeledWords>().Select(row => new Pair { Label = row.Gold, PredictedLabel = [.. row.Gold.Select(_ => classes[0].Label)] }));

    private static TestScores Scores(MLContext ml, IEnumerable<Pair> rows)
    {
        var metrics = ml.MulticlassClassification.EvaluateTokenLabels(ml.Data.LoadFromEnumerable(rows.ToList()));
        // Labels without entities, such as parts of speech, are judged by the word.
        return new TestScores(metrics.PerType.Count > 0 ? "entityF1" : "wordAccuracy", new Dictionary<string, double>
        {
            ["entityF1"] = metrics.Micro.F1, ["entityPrecision"] = metrics.Micro.Precision, ["entityRecall"] = metrics.Micro.Recall, ["wordAccuracy"] = metrics.TokenAccuracy,
        });
    }

    private sealed class Pair
    {
        public string[] Label { get; set; } = [];
        public string[] PredictedLabel { get; set; } = [];
    }

    private sealed class Predicted
    {
        public string Place { get; set; } = "";
        public string[] Words { get; set; } = [];
        public string[] GoldLabels { get; set; } = [];
        public string[] PredictedLabel { get; set; } = [];
        public float[] Score { get; set; } = [];
    }
}
