// Round numbers along an axis.
namespace MLNet.PTuning.Tool.Report;

internal static class Ticks
{
    private const double About = 5;

    /// <summary>Multiples of 1, 2 or 5 times a power of ten, from the last one below all values to the first one above them.</summary>
    /// <param name="values">What is shown; at least one.</param>
    /// <param name="least">The smallest distance between two.</param>
    public static double[] Around(IEnumerable<double> values, double least = 0)
    {
        double[] all = [.. values];
        double low = all.Min(), high = all.Max();
        if (high <= low) (low, high) = (low - Math.Max(Math.Abs(low) * 0.1, 1e-6), high + Math.Max(Math.Abs(high) * 0.1, 1e-6));
        double power = Math.Pow(10, Math.Floor(Math.Log10((high - low) / About)));
        double step = Math.Max(least, new[] { 1, 2, 5, 10 }.Select(multiple => multiple * power).First(s => s * About >= (high - low) * (1 - 1e-9)));
        int first = (int)Math.Floor(low / step + 1e-9), last = (int)Math.Ceiling(high / step - 1e-9);
        return [.. Enumerable.Range(first, last - first + 1).Select(i => Math.Round(i * step, 12))];
    }
}
