// What a side's passes took, and how that compares round by round, so that what else the machine does falls on both.
namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>Milliseconds a row, one figure a round.</summary>
internal sealed record Timing(string Name, double[] Milliseconds)
{
    public double Median => MedianOf(Milliseconds);

    /// <summary>How many times faster <paramref name="product"/> is, in each round.</summary>
    public Ratio Over(Timing product)
    {
        double[] ratios = [.. Milliseconds.Zip(product.Milliseconds, (rival, own) => rival / own)];
        return new(MedianOf(ratios), ratios.Min(), ratios.Max());
    }

    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Runs all sides in turns. The first round warms caches and pools up and is not counted.</summary>
    /// <param name="rounds">Rounds that are counted.</param>
    /// <param name="sides">Each with what runs it once and returns milliseconds a row.</param>
    public static IReadOnlyList<Timing> InTurns(int rounds, IReadOnlyList<(string Name, Func<double> Run)> sides)
    {
        var taken = sides.Select(_ => new List<double>()).ToArray();
        for (int round = 0; round <= rounds; round++)
            for (int i = 0; i < sides.Count; i++) taken[i].Add(sides[i].Run());
        return [.. sides.Zip(taken, (side, times) => new Timing(side.Name, [.. times.Skip(1)]))];
    }
}

/// <summary>How many times faster the product is than a rival: the median over the rounds, and the lowest and highest.</summary>
internal sealed record Ratio(double Median, double Lowest, double Highest)
{
    public override string ToString() => FormattableString.Invariant($"{Median:0.00} × ({Lowest:0.00}–{Highest:0.00})");
}
