// Confidence intervals of scores: the spread of the score over rows drawn anew from the test rows (Efron, 1979), as percentiles.
namespace MLNet.PTuning.Tool.Report;

/// <summary>A score and the interval in which it is with a probability of 95%, as far as the choice of test rows goes.</summary>
/// <param name="Value">Of the test rows as they are.</param>
/// <param name="Low">The 2.5th percentile over the resamples.</param>
/// <param name="High">The 97.5th.</param>
internal sealed record ScoreInterval(double Value, double Low, double High);

internal static class Bootstrap
{
    /// <summary>Number of resamples.</summary>
    public const int Resamples = 1000;

    private const double Tail = 0.025;

    /// <summary>Intervals of scores by name; none where there are no rows.</summary>
    /// <param name="rows">Number of test rows.</param>
    /// <param name="seed">Seed of the draws: the same seed gives the same intervals, whatever the number of threads.</param>
    /// <param name="score">Gives a score of each name for rows that count as often as they were drawn.</param>
    public static IReadOnlyDictionary<string, ScoreInterval> Intervals(int rows, int seed, Func<int[], (string Name, double Value)[]> score)
    {
        if (rows == 0) return new Dictionary<string, ScoreInterval>();
        var resampled = new (string Name, double Value)[Resamples][];
        Parallel.For(0, Resamples, () => new int[rows], (resample, _, draws) =>
        {
            Array.Clear(draws);
            ulong state = Mixed((ulong)(uint)seed << 32 | (uint)resample);
            for (int i = 0; i < rows; i++)
            {
                state += 0x9E3779B97F4A7C15;
                draws[(int)(((Mixed(state) >> 32) * (ulong)rows) >> 32)]++;
            }
            resampled[resample] = score(draws);
            return draws;
        }, _ => { });
        var whole = score([.. Enumerable.Repeat(1, rows)]);
        return whole.Select((value, i) => (value.Name, Interval: Of(value.Value, [.. resampled.Select(values => values[i].Value).Order()]))).ToDictionary(pair => pair.Name, pair => pair.Interval);
    }

    private static ScoreInterval Of(double value, double[] ordered) => new(value, Percentile(ordered, Tail), Percentile(ordered, 1 - Tail));

    private static double Percentile(double[] ordered, double fraction)
    {
        double at = fraction * (ordered.Length - 1);
        int below = (int)at;
        return ordered[below] + (at - below) * (ordered[Math.Min(below + 1, ordered.Length - 1)] - ordered[below]);
    }

    // SplitMix64 (Steele, Lea and Flood, 2014).
    private static ulong Mixed(ulong state)
    {
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return state ^ (state >> 31);
    }
}
