// How well probabilities fit how often predictions are right (Guo et al., 2017, "On Calibration of Modern Neural Networks").
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

/// <summary>The reliability of predictions whose confidence is the probability of what is predicted.</summary>
/// <param name="Predictions">Number of predictions.</param>
/// <param name="Accuracy">Fraction that is right.</param>
/// <param name="Confidence">Mean confidence: above the accuracy for a model that is too sure.</param>
/// <param name="ExpectedCalibrationError">Mean, over the predictions, of the distance between confidence and accuracy of their bin.</param>
/// <param name="MaximumCalibrationError">The largest such distance of a bin that has predictions.</param>
/// <param name="Bins">Bins of equal width from 0 to 1.</param>
internal sealed record Reliability(int Predictions, double Accuracy, double Confidence, double ExpectedCalibrationError, double MaximumCalibrationError, IReadOnlyList<ReliabilityBin> Bins)
{
    private const int BinCount = 15;

    public static Reliability Of(IEnumerable<(double Confidence, bool IsRight)> predictions)
    {
        var (counts, confidences, right) = (new int[BinCount], new double[BinCount], new int[BinCount]);
        foreach (var (confidence, isRight) in predictions)
        {
            int bin = Math.Clamp((int)Math.Ceiling(confidence * BinCount) - 1, 0, BinCount - 1);
            counts[bin]++;
            confidences[bin] += confidence;
            if (isRight) right[bin]++;
        }
        int all = Math.Max(1, counts.Sum());
        double[] distances = [.. Enumerable.Range(0, BinCount).Select(bin => Math.Abs(right[bin] - confidences[bin]))];
        return new Reliability(counts.Sum(), (double)right.Sum() / all, confidences.Sum() / all, distances.Sum() / all, distances.Select((distance, bin) => distance / Math.Max(1, counts[bin])).Max(),
            [.. Enumerable.Range(0, BinCount).Select(bin => new ReliabilityBin((double)bin / BinCount, (bin + 1.0) / BinCount, counts[bin],
                counts[bin] == 0 ? null : confidences[bin] / counts[bin], counts[bin] == 0 ? null : (double)right[bin] / counts[bin]))]);
    }
}

/// <summary>The calibration of a run's test rows.</summary>
/// <param name="Temperature">What the model's scores are divided by before the softmax; null where it was not calibrated.</param>
/// <param name="Before">What it would be at temperature 1; null where the model was not calibrated, or where the rows do not hold the probabilities of all classes.</param>
/// <param name="Predicted">As the model predicts.</param>
internal sealed record CalibrationFigures(double? Temperature, Reliability? Before, Reliability Predicted)
{
    /// <summary>Calibration of rows whose predictions have a probability; null for others.</summary>
    public static CalibrationFigures? Of(IReadOnlyList<TestRow> rows, double? temperature)
    {
        (double Confidence, bool IsRight)[] predictions = [.. rows.SelectMany(Predictions)];
        if (predictions.Length == 0) return null;
        var before = temperature is { } t && rows.All(row => row is ClassifiedText or ChosenText) ? Reliability.Of(rows.Select(row => (Uncalibrated(ProbabilitiesOf(row), t), row.IsCorrect))) : null;
        return new CalibrationFigures(temperature, before, Reliability.Of(predictions));
    }

    private static IEnumerable<(double Confidence, bool IsRight)> Predictions(TestRow row) => row switch
    {
        LabeledWords words => words.Probabilities.Select((probability, i) => ((double)probability, words.Gold[i] == words.Predicted[i])),
        { Confidence: { } confidence } => [(confidence, row.IsCorrect)],
        _ => [],
    };

    private static float[] ProbabilitiesOf(TestRow row) => row is ClassifiedText text ? text.Probabilities : ((ChosenText)row).Probabilities;

    // The softmax of scores, of the softmax of the scores divided by the temperature: its logarithms are the scores so divided, less a number.
    private static double Uncalibrated(float[] probabilities, double temperature)
    {
        double highest = probabilities.Max();
        return 1 / probabilities.Sum(p => Math.Pow(p / highest, temperature));
    }
}
