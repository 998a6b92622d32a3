// The temperature that a model's scores are divided by so that its probabilities fit held-out rows best (Guo et al., 2017, "On Calibration of Modern Neural Networks").
namespace MLNet.PTuning.Tasks;

/// <summary>The scores of one softmax, and which of them is the right one's.</summary>
/// <param name="Scores">Logits, or logarithms of probabilities, which are logits less a number that is the same for all.</param>
/// <param name="Target">Index of the right one.</param>
internal readonly record struct ScoredSoftmax(double[] Scores, int Target)
{
    /// <summary>Whether no score exceeds the right one's.</summary>
    public bool IsRight => Scores[Target] == Scores.Max();

    /// <summary>Those of an example's targets.</summary>
    /// <param name="example">The example.</param>
    /// <param name="predicted">What <see cref="TunedModel.Predict"/> gives for it.</param>
    /// <param name="classes">Number of classes.</param>
    public static IEnumerable<ScoredSoftmax> Of(Example example, float[] predicted, int classes)
    {
        for (int i = 0; i < example.Targets.Length; i++)
        {
            if (example.Targets[i] is not (>= 0 and var target)) continue;
            int line = i;
            yield return example.Over == SoftmaxOver.Vectors
                ? new ScoredSoftmax([.. Enumerable.Range(0, example.VectorCount).Select(v => (double)predicted[v * classes + line])], target)
                : new ScoredSoftmax([.. Enumerable.Range(0, classes).Select(c => CrossEntropy.Log(predicted[line * classes + c]))], target);
        }
    }

    /// <summary>The softmax of the scores divided by a temperature.</summary>
    public double[] Probabilities(double temperature)
    {
        double highest = Scores.Max();
        double[] powers = Array.ConvertAll(Scores, score => Math.Exp((score - highest) / temperature));
        double total = powers.Sum();
        return Array.ConvertAll(powers, power => power / total);
    }
}

/// <summary>Finds the temperature of the least mean negative log-likelihood.</summary>
internal static class TemperatureScaling
{
    /// <summary>Bounds of the temperature.</summary>
    public const double Lowest = 0.05, Highest = 20;

    private const int MostSteps = 200;
    private const double Precision = 1e-10;

    /// <summary>
    /// The temperature between <see cref="Lowest"/> and <see cref="Highest"/> at which the targets are most likely. Where every target has the highest score, lower ones make
    /// them ever more likely whatever the scores, so nothing is known of how sure the model may be, and it is 1.
    /// </summary>
    public static double Of(IReadOnlyList<ScoredSoftmax> rows)
    {
        if (rows.All(row => row.IsRight)) return 1;
        // The negative log-likelihood is convex in the inverse temperature: where its slope is 0 is found by Newton's steps within what bisection leaves.
        double low = 1 / Highest, high = 1 / Lowest, inverse = 1;
        if (Derivatives(rows, low).Slope >= 0) return Highest;
        if (Derivatives(rows, high).Slope <= 0) return Lowest;
        for (int step = 0; step < MostSteps; step++)
        {
            var (slope, curvature) = Derivatives(rows, inverse);
            if (slope > 0) high = inverse;
            else low = inverse;
            double next = inverse - slope / curvature;
            if (!(next > low && next < high)) next = Math.Sqrt(low * high);
            bool isFound = Math.Abs(next - inverse) <= Precision * inverse;
            inverse = next;
            if (isFound) break;
        }
        return 1 / inverse;
    }

    // The first and second derivative of the negative log-likelihood by the inverse temperature: the mean score less the right one's, and the scores' variance, summed over rows.
    private static (double Slope, double Curvature) Derivatives(IReadOnlyList<ScoredSoftmax> rows, double inverse)
    {
        double slope = 0, curvature = 0;
        foreach (var (scores, target) in rows)
        {
            double highest = scores.Max(), total = 0, first = 0, second = 0;
            foreach (double score in scores)
            {
                double below = score - highest, power = Math.Exp(inverse * below);
                (total, first, second) = (total + power, first + power * below, second + power * below * below);
            }
            double mean = first / total;
            slope += mean - (scores[target] - highest);
            curvature += second / total - mean * mean;
        }
        return (slope, curvature);
    }
}
