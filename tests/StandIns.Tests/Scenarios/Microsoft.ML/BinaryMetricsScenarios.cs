// Evaluation of binary predictions.
using Microsoft.ML;
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class BinaryMetricsScenarios
{
    private static readonly MLContext Ml = new(seed: 1);

    private sealed class Scored
    {
        public bool Label { get; set; }
        public float Score { get; set; }
        public float Probability { get; set; }
        public bool PredictedLabel { get; set; }
        public float FloatLabel { get; set; }
        public string Text { get; set; } = "";
    }

    private static Scored Row(bool label, float score, float probability) =>
        new() { Label = label, Score = score, Probability = probability, PredictedLabel = score > 0, FloatLabel = label ? 1 : 0 };

    private static readonly Scored[] Rows =
    [
        Row(true, 2f, 0.9f), Row(true, 0.5f, 0.6f), Row(true, -0.3f, 0.4f), Row(false, 0.8f, 0.7f),
        Row(false, -1f, 0.2f), Row(false, -2f, 0.1f), Row(false, -0.3f, 0.4f), Row(true, 1f, 0.75f),
    ];

    private static object Describe(BinaryClassificationMetrics metrics) => new
    {
        accuracy = Round(metrics.Accuracy),
        auc = Round(metrics.AreaUnderRocCurve),
        auprc = Round(metrics.AreaUnderPrecisionRecallCurve),
        f1 = Round(metrics.F1Score),
        positivePrecision = Round(metrics.PositivePrecision),
        positiveRecall = Round(metrics.PositiveRecall),
        negativePrecision = Round(metrics.NegativePrecision),
        negativeRecall = Round(metrics.NegativeRecall),
        counts = metrics.ConfusionMatrix.Counts,
        precision = Round(metrics.ConfusionMatrix.PerClassPrecision),
        recall = Round(metrics.ConfusionMatrix.PerClassRecall),
        calibrated = metrics is CalibratedBinaryClassificationMetrics c ? new { logLoss = Round(c.LogLoss), reduction = Round(c.LogLossReduction), entropy = Round(c.Entropy) } : null,
    };

    private static object? Evaluate(IEnumerable<Scored> rows) => Try(() => Describe(Ml.BinaryClassification.Evaluate(Ml.Data.LoadFromEnumerable(rows))));

    private static object? EvaluateNonCalibrated(IEnumerable<Scored> rows) => Try(() => Describe(Ml.BinaryClassification.EvaluateNonCalibrated(Ml.Data.LoadFromEnumerable(rows))));

    public static object? AllMetrics() => Evaluate(Rows);

    public static object? NonCalibrated() => EvaluateNonCalibrated(Rows);

    public static object? ConfusionTableText() =>
        Ml.BinaryClassification.Evaluate(Ml.Data.LoadFromEnumerable(Rows)).ConfusionMatrix.GetFormattedConfusionTable().ReplaceLineEndings("\n").Split('\n');

    public static object? OneClassOnly() => new { positives = Evaluate(Rows.Where(r => r.Label)), negatives = Evaluate(Rows.Where(r => !r.Label)) };

    public static object? CertainAndWrong() => Evaluate([Row(true, -5f, 0f), Row(false, -5f, 0f), Row(true, 5f, 1f)]);

    public static object? NaNScores() => Evaluate([.. Rows, Row(true, float.NaN, float.NaN)]);

    public static object? NoRows() => Evaluate([]);

    public static object? PredictedLabelDisagreesWithScore() =>
        Evaluate([new Scored { Label = true, Score = 1f, Probability = 0.8f, PredictedLabel = false }, new Scored { Label = false, Score = -1f, Probability = 0.2f, PredictedLabel = false }]);

    public static object? WrongColumns()
    {
        IDataView data = Ml.Data.LoadFromEnumerable(Rows);
        object? With(string label = "Label", string score = "Score", string probability = "Probability", string predicted = "PredictedLabel") =>
            Try(() => Round(Ml.BinaryClassification.Evaluate(data, label, score, probability, predicted).Accuracy));
        return new
        {
            noLabel = With(label: "Nope"),
            noScore = With(score: "Nope"),
            noProbability = With(probability: "Nope"),
            noPrediction = With(predicted: "Nope"),
            floatLabel = With(label: "FloatLabel"),
            textLabel = With(label: "Text"),
            textScore = With(score: "Text"),
            boolProbability = With(probability: "PredictedLabel"),
            floatPrediction = With(predicted: "Score"),
        };
    }
}
