// How well probabilities fit how often predictions are right.
using System.Globalization;

namespace MLNet.PTuning;

/// <summary>The predictions of a reliability diagram's bin.</summary>
/// <param name="From">The bin's lower end, exclusive but for the first bin's 0.</param>
/// <param name="To">Its upper end, inclusive.</param>
/// <param name="Count">Number of predictions whose confidence (the highest probability) is within.</param>
/// <param name="Confidence">Their mean confidence; null where there are none.</param>
/// <param name="Accuracy">The fraction of them that is right; null where there are none.</param>
public sealed record ReliabilityBin(double From, double To, int Count, double? Confidence, double? Accuracy);

/// <summary>
/// Scores of probabilities. A prediction is the most probable class of a row (the label of a word, a row's choice), and its confidence is that class's probability. Logarithms are
/// natural ones.
/// </summary>
/// <param name="Predictions">Number of predictions with a gold label.</param>
/// <param name="Accuracy">Fraction that is right.</param>
/// <param name="Confidence">Mean confidence: above <paramref name="Accuracy"/> for a model that is too sure.</param>
/// <param name="ExpectedCalibrationError">
/// Mean, over the predictions, of the distance between confidence and accuracy of their bin (Guo et al., 2017): 0 for a perfectly calibrated model.
/// </param>
/// <param name="MaximumCalibrationError">The largest such distance of a bin that has predictions.</param>
/// <param name="LogLoss">Mean negative log-likelihood of the right classes; a probability of 0 counts as 1e-30.</param>
/// <param name="BrierScore">Mean, over the predictions, of the sum over classes of the squared distance between probability and truth (1 for the right class, 0 for others): from 0 to 2.</param>
/// <param name="Bins">Bins of equal width from 0 to 1, for a reliability diagram.</param>
public sealed record CalibrationMetrics(int Predictions, double Accuracy, double Confidence, double ExpectedCalibrationError, double MaximumCalibrationError, double LogLoss, double BrierScore,
    IReadOnlyList<ReliabilityBin> Bins)
{
    /// <summary>Number of bins where it is not given, as in Guo et al. (2017).</summary>
    internal const int UsualBins = 15;

    private const double LeastProbability = 1e-30;

    /// <summary>Scores of probabilities with the right class of each, or −1 where it is none of the classes: a prediction that is wrong, of probability 0.</summary>
    internal static CalibrationMetrics Of(IEnumerable<(double[] Probabilities, int Target)> predictions, int bins = UsualBins)
    {
        var (counts, confidences, right) = (new int[bins], new double[bins], new int[bins]);
        double loss = 0, brier = 0;
        foreach (var (probabilities, target) in predictions)
        {
            int best = 0;
            double squares = 0;
            for (int c = 0; c < probabilities.Length; c++)
            {
                if (probabilities[c] > probabilities[best]) best = c;
                double distance = probabilities[c] - (c == target ? 1 : 0);
                squares += distance * distance;
            }
            int bin = Math.Clamp((int)Math.Ceiling(probabilities[best] * bins) - 1, 0, bins - 1);
            counts[bin]++;
            confidences[bin] += probabilities[best];
            if (best == target) right[bin]++;
            loss -= Math.Log(Math.Max(target < 0 ? 0 : probabilities[target], LeastProbability));
            brier += target < 0 ? squares + 1 : squares;
        }
        int all = Math.Max(counts.Sum(), 1);
        double[] errors = [.. Enumerable.Range(0, bins).Select(b => Math.Abs(right[b] - confidences[b]))];
        return new CalibrationMetrics(counts.Sum(), (double)right.Sum() / all, confidences.Sum() / all, errors.Sum() / all, errors.Select((error, b) => error / Math.Max(counts[b], 1)).Max(), loss / all, brier / all,
            [.. Enumerable.Range(0, bins).Select(b => new ReliabilityBin((double)b / bins, (b + 1.0) / bins, counts[b],
                counts[b] == 0 ? null : confidences[b] / counts[b], counts[b] == 0 ? null : (double)right[b] / counts[b]))]);
    }

    /// <summary>A line of the scores, for a console.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"expected calibration error {ExpectedCalibrationError:f4} (maximum {MaximumCalibrationError:f4}), log-loss {LogLoss:f4}, Brier score {BrierScore:f4}, accuracy {100 * Accuracy:f2}, {Predictions} predictions");
}
