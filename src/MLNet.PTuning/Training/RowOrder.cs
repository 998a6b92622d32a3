// The order in which training takes its rows: random, but in batches of rows of similar length.
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Training;

/// <summary>Batches of an epoch.</summary>
internal static class RowOrder
{
    // Rows are shuffled, cut into chunks of this many batches, and sorted by length within a chunk only: random enough, hardly any padding.
    private const int BatchesPerChunk = 32;

    /// <summary>Indices of the examples, a batch at a time; a function of the seed and the epoch alone.</summary>
    public static IReadOnlyList<int[]> Batches(IReadOnlyList<Example> examples, int batchSize, int seed, int epoch)
    {
        var random = new Random(HashCode(seed, epoch));
        int[] order = [.. Enumerable.Range(0, examples.Count)];
        random.Shuffle(order);
        int[][] batches = [.. order.Chunk(batchSize * BatchesPerChunk)
            .SelectMany(chunk => chunk.OrderBy(i => examples[i].Ids.Length).Chunk(batchSize))];
        random.Shuffle(batches);
        return batches;
    }

    // System.HashCode differs from process to process.
    private static int HashCode(int seed, int epoch) => unchecked((seed * 397 + epoch) * 486187739);
}
