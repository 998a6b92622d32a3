// One example as a model reads it, and examples packed into a batch.
using MLNet.PTuning.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>What the softmax of an example's scores is over, and so what its targets are.</summary>
internal enum SoftmaxOver
{
    /// <summary>The classes at each vector that the head reads: a target is a class.</summary>
    Classes,
    /// <summary>The vectors that the head reads, once for each class: there is a target for each class, and it is an index among the vectors.</summary>
    Vectors,
    /// <summary>The vocabulary at each vector: a target is a token's id, and what is predicted of it is its log-probability alone.</summary>
    Tokens,
}

/// <summary>The word pieces of a row, or of several that are scored together, the positions that are read, and the targets.</summary>
/// <param name="Ids">Word-piece ids, specials included, and −(j + 1) for a prompt's vector j: [S].</param>
/// <param name="Types">Segment of each word piece: [S].</param>
/// <param name="ReadPositions">Positions in <paramref name="Ids"/> whose hidden states are read, ascending: [R]. Classification reads one (the first token, or a masked word), or all tokens.</param>
/// <param name="Targets">
/// The class of each line of scores, counted from 0, or <see cref="NoTarget"/>; where the softmax is over vectors, the index of one of them for each class.
/// </param>
internal sealed record Example(int[] Ids, int[] Types, int[] ReadPositions, int[] Targets)
{
    /// <summary>Marks a line without a target; the loss ignores it (PyTorch's ignore_index).</summary>
    public const int NoTarget = -100;

    /// <summary>Where each of its rows starts in <see cref="Ids"/>: one row, but for a text with several choices.</summary>
    public int[] RowStarts { get; init; } = FirstToken;

    /// <summary>The vectors that the head reads: each is the mean of the hidden states with these indices in <see cref="ReadPositions"/>. Null where it reads each position's own.</summary>
    public int[][]? Means { get; init; }

    /// <summary>What its targets are.</summary>
    public SoftmaxOver Over { get; init; }

    /// <summary>The word pieces that it counts as where passes are bounded: its own, or more where its scores need more memory than those.</summary>
    public int PassSize { get => Math.Max(field, Ids.Length); init; }

    /// <summary>Number of vectors that the head reads.</summary>
    public int VectorCount => Means?.Length ?? ReadPositions.Length;

    /// <summary>Lines of scores that a model of it predicts, each with a score a class (a token's log-probability).</summary>
    public int ScoredLines => Over == SoftmaxOver.Vectors ? VectorCount : Targets.Length;

    /// <summary>Its rows as examples of their own, without targets: for predictions, since a row's scores do not depend on those beside it.</summary>
    public IEnumerable<Example> Rows()
    {
        if (RowStarts.Length == 1) return [this];
        var packed = new PackedBatch(Ids, Types, [.. RowStarts, Ids.Length]);
        int[] readStarts = packed.StartsOf(ReadPositions);
        return RowStarts.Select((start, row) =>
        {
            var pieces = start..packed.RowStarts[row + 1];
            var read = readStarts[row]..readStarts[row + 1];
            return new Example(Ids[pieces], Types[pieces], Array.ConvertAll(ReadPositions[read], at => at - start), [])
            {
                Means = Means is null ? null : [.. Means.Where(mean => mean[0] >= read.Start.Value && mean[0] < read.End.Value).Select(mean => Array.ConvertAll(mean, at => at - read.Start.Value))],
                Over = Over,
            };
        });
    }

    /// <summary>The word pieces of rows, the most frequent ones first; prompt vectors are none.</summary>
    public static int[] FrequentPieces(IEnumerable<Example> examples) =>
        [.. examples.SelectMany(e => e.Ids).Where(id => id >= 0).CountBy(id => id).OrderByDescending(p => p.Value).ThenBy(p => p.Key).Select(p => p.Key)];

    /// <summary>The position of a row's first token.</summary>
    public static readonly int[] FirstToken = [0];
}

/// <summary>Examples packed for one pass.</summary>
/// <param name="Rows">The word pieces.</param>
/// <param name="ReadPositions">Positions in the packed rows whose hidden states are read: [R].</param>
/// <param name="Targets">The examples' targets, one after the other.</param>
internal sealed record Batch(PackedBatch Rows, int[] ReadPositions, int[] Targets)
{
    // What bounds the memory of a pass, which grows with its word pieces: 32 rows of 128 are just one.
    private const int PiecesAtOnce = 4096;

    /// <summary>The examples.</summary>
    public required IReadOnlyList<Example> Examples { get; init; }

    /// <summary>The vectors that the head reads as means of hidden states; null where it reads each position's own.</summary>
    public VectorMeans? Means { get; init; }

    /// <summary>Where each example's vectors start among all, and their number at the end: [B + 1].</summary>
    public required int[] VectorStarts { get; init; }

    /// <summary>What the targets are: the same for all examples.</summary>
    public SoftmaxOver Over { get; init; }

    /// <summary>Which part of a pass it is; null where it is all of one.</summary>
    public PassPart? Part { get; init; }

    /// <summary>Examples in their order, in one pass or in as many of about the same number of word pieces as keep each at 4096, give or take a row.</summary>
    public static IReadOnlyList<Batch> Passes(IReadOnlyList<Example> examples) => [.. ExamplesOfPasses(examples).Select(Of)];

    /// <summary>The examples of each pass.</summary>
    public static IReadOnlyList<Example[]> ExamplesOfPasses(IReadOnlyList<Example> examples)
    {
        long all = examples.Sum(e => (long)e.PassSize), passes = (all + PiecesAtOnce - 1) / PiecesAtOnce, here = 0;
        var batches = new List<Example[]>();
        int first = 0;
        for (int i = 0; i < examples.Count; i++)
        {
            here += examples[i].PassSize;
            if (here * passes < all * (batches.Count + 1)) continue;
            batches.Add([.. examples.Skip(first).Take(i + 1 - first)]);
            first = i + 1;
        }
        return batches;
    }

    /// <summary>Examples in one pass.</summary>
    public static Batch Of(IReadOnlyList<Example> examples)
    {
        int[] starts = Starts(examples, e => e.Ids.Length);
        return new Batch(
            new PackedBatch([.. examples.SelectMany(e => e.Ids)], [.. examples.SelectMany(e => e.Types)], [.. examples.SelectMany((e, i) => e.RowStarts.Select(at => starts[i] + at)), starts[^1]]),
            [.. examples.SelectMany((e, i) => e.ReadPositions.Select(at => starts[i] + at))],
            [.. examples.SelectMany(e => e.Targets)])
        {
            Examples = examples,
            Means = examples.Any(e => e.Means is not null) ? VectorMeans.Of(examples) : null,
            VectorStarts = Starts(examples, e => e.VectorCount),
            Over = examples[0].Over,
        };
    }

    /// <summary>Running totals of a length, from 0.</summary>
    internal static int[] Starts(IReadOnlyList<Example> examples, Func<Example, int> length)
    {
        var starts = new int[examples.Count + 1];
        for (int i = 0; i < examples.Count; i++) starts[i + 1] = starts[i] + length(examples[i]);
        return starts;
    }
}

/// <summary>Means of a pass's hidden states, as pairs of a vector and a hidden state that counts in it.</summary>
/// <param name="Vectors">The vector of each pair, ascending.</param>
/// <param name="States">The index of its hidden state among the positions read.</param>
/// <param name="Count">Number of vectors.</param>
internal sealed record VectorMeans(int[] Vectors, int[] States, int Count)
{
    /// <summary>The means of examples in one pass.</summary>
    public static VectorMeans Of(IReadOnlyList<Example> examples)
    {
        int[][] means = Indices(examples);
        return new VectorMeans([.. means.SelectMany((mean, vector) => Enumerable.Repeat(vector, mean.Length))], [.. means.SelectMany(mean => mean)], means.Length);
    }

    /// <summary>The hidden states of each of the examples' vectors, by their indices among all that are read.</summary>
    public static int[][] Indices(IReadOnlyList<Example> examples)
    {
        int[] starts = Batch.Starts(examples, e => e.ReadPositions.Length);
        return [.. examples.SelectMany((e, i) => (e.Means ?? [.. Enumerable.Range(0, e.ReadPositions.Length).Select(r => new[] { r })]).Select(mean => Array.ConvertAll(mean, at => starts[i] + at)))];
    }

    /// <summary>The vectors: [R, H] → [<see cref="Count"/>, H]. Each is summed in its pairs' order, so that it is the same alone and among others.</summary>
    public torch.Tensor Of(torch.Tensor hidden)
    {
        var inverseCounts = new float[Count];
        foreach (int vector in Vectors) inverseCounts[vector]++;
        for (int vector = 0; vector < Count; vector++) inverseCounts[vector] = 1 / inverseCounts[vector];
        var sums = torch.zeros([Count, hidden.shape[1]], dtype: hidden.dtype, device: hidden.device);
        return sums.index_add(0, Index(Vectors), hidden.index_select(0, Index(States)), Arithmetic.One) * torch.tensor(inverseCounts, device: hidden.device).unsqueeze(1);

        torch.Tensor Index(int[] values) => torch.tensor(Array.ConvertAll(values, v => (long)v), device: hidden.device);
    }
}
