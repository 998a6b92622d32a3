// The figures that an evaluation of a classifier over two classes gives, and those that need probabilities.
namespace Microsoft.ML.Data;

public class BinaryClassificationMetrics
{
    private protected BinaryClassificationMetrics(BinaryClassificationMetrics other)
        : this(
            other.AreaUnderRocCurve,
            other.Accuracy,
            other.PositivePrecision,
            other.PositiveRecall,
            other.NegativePrecision,
            other.NegativeRecall,
            other.F1Score,
            other.AreaUnderPrecisionRecallCurve,
            other.ConfusionMatrix)
    {
    }

    internal BinaryClassificationMetrics(
        double auc,
        double accuracy,
        double positivePrecision,
        double positiveRecall,
        double negativePrecision,
        double negativeRecall,
        double f1Score,
        double auprc,
        ConfusionMatrix confusionMatrix)
    {
        AreaUnderRocCurve = auc;
        Accuracy = accuracy;
        PositivePrecision = positivePrecision;
        PositiveRecall = positiveRecall;
        NegativePrecision = negativePrecision;
        NegativeRecall = negativeRecall;
        F1Score = f1Score;
        AreaUnderPrecisionRecallCurve = auprc;
        ConfusionMatrix = confusionMatrix;
    }

    public double AreaUnderRocCurve { get; }

    public double Accuracy { get; }

    public double PositivePrecision { get; }

    public double PositiveRecall { get; }

    public double NegativePrecision { get; }

    public double NegativeRecall { get; }

    public double F1Score { get; }

    public double AreaUnderPrecisionRecallCurve { get; }

    public ConfusionMatrix ConfusionMatrix { get; }
}

public sealed class CalibratedBinaryClassificationMetrics : BinaryClassificationMetrics
{
    internal CalibratedBinaryClassificationMetrics(BinaryClassificationMetrics metrics, double logLoss, double entropy)
        : base(metrics)
    {
        LogLoss = logLoss;
        Entropy = entropy;
    }

    /// <summary>In bits a row.</summary>
    public double LogLoss { get; }

    public double LogLossReduction => (Entropy - LogLoss) / Entropy;

    /// <summary>Of the labels, in bits.</summary>
    public double Entropy { get; }
}
