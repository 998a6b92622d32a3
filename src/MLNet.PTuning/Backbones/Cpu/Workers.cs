// Splits a pass over rows among the machine's cores, always in the same way.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A fixed number of shares of contiguous rows: results do not depend on which core is faster.</summary>
internal static class Workers
{
    // Less work than this many elements is not worth waking another thread for.
    private const long Grain = 1 << 14;

    public static int Count { get; } = Environment.ProcessorCount;

    /// <summary>Calls <paramref name="body"/> with ranges that cover the rows.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="elementsPerRow">How much work a row is.</param>
    /// <param name="body">From, to.</param>
    public static void Run(int rows, int elementsPerRow, Action<int, int> body)
    {
        int shares = (int)Math.Clamp(rows * (long)elementsPerRow / Grain, 1, Math.Min(Count, Math.Max(rows, 1)));
        if (shares == 1) body(0, rows);
        else Parallel.For(0, shares, share => body((int)((long)rows * share / shares), (int)((long)rows * (share + 1) / shares)));
    }

    /// <summary>Rows of unlike cost in <see cref="Count"/> shares of about the same: where each share begins, and the number of rows at the end.</summary>
    public static int[] Balance(ReadOnlySpan<long> costs)
    {
        long total = 0, sum = 0;
        foreach (long cost in costs) total += cost;
        var starts = new int[Count + 1];
        int share = 1;
        for (int row = 0; row < costs.Length; row++)
        {
            sum += costs[row];
            while (share < Count && sum * Count >= total * share) starts[share++] = row + 1;
        }
        for (; share <= Count; share++) starts[share] = costs.Length;
        return starts;
    }
}
