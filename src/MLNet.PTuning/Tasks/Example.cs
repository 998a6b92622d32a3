// One row as a model reads it, and rows packed into a batch.
using MLNet.PTuning.Backbones;

namespace MLNet.PTuning.Tasks;

/// <summary>What the softmax of an example's scores is over, and so what its targets are.</summary>
internal enum SoftmaxOver
{
    /// <summary>The classes at each position read, or of the positions' mean: a target is a class.</summary>
    Classes,
    /// <summary>The positions read, once for each class: there is a target for each class, and it is an index among the positions.</summary>
    Positions,
}

/// <summary>A row's word pieces, the positions that the head reads, and the target class at each, or of their mean.</summary>
/// <param name="Ids">Word-piece ids, specials included, and −(j + 1) for a prompt's vector j: [S].</param>
/// <param name="Types">Segment of each word piece: [S].</param>
/// <param name="ReadPositions">Positions in <paramref name="Ids"/> that the head reads, ascending: [R]. Classification reads one (the first token, or a masked word), or all tokens.</param>
/// <param name="Targets">
/// Class at each of them, counted from 0, or <see cref="NoTarget"/>: [R]. A single one where the head reads their mean; where the softmax is over positions, the index of one of
/// <paramref name="ReadPositions"/> for each class.
/// </param>
internal sealed record Example(int[] Ids, int[] Types, int[] ReadPositions, int[] Targets)
{
    /// <summary>Marks a position without a target; the loss ignores it (PyTorch's ignore_index).</summary>
    public const int NoTarget = -100;

    /// <summary>What its targets are.</summary>
    public SoftmaxOver Over { get; init; }

    /// <summary>Lines of scores that a model of it predicts, each with a score a class.</summary>
    public int ScoredLines => Over == SoftmaxOver.Positions ? ReadPositions.Length : Targets.Length;

    /// <summary>The word pieces of rows, the most frequent ones first; prompt vectors are none.</summary>
    public static int[] FrequentPieces(IEnumerable<Example> examples) =>
        [.. examples.SelectMany(e => e.Ids).Where(id => id >= 0).CountBy(id => id).OrderByDescending(p => p.Value).ThenBy(p => p.Key).Select(p => p.Key)];

    /// <summary>The position of a row's first token.</summary>
    public static readonly int[] FirstToken = [0];
}

/// <summary>Examples packed for one pass.</summary>
/// <param name="Rows">The word pieces.</param>
/// <param name="ReadPositions">Positions in the packed rows that the head reads: [R].</param>
/// <param name="Targets">The examples' targets, one after the other: [R], or [B] where the head reads means, or [B · classes] where the softmax is over positions.</param>
/// <param name="MeanRows">The row of each position read, where the head reads each row's mean: [R]; null where it reads the positions themselves.</param>
internal sealed record Batch(PackedBatch Rows, int[] ReadPositions, int[] Targets, int[]? MeanRows)
{
    /// <summary>What the targets are: the same for all examples.</summary>
    public SoftmaxOver Over { get; init; }

    // What bounds the memory of a pass, which grows with its word pieces: 32 rows of 128 are just one.
    private const int PiecesAtOnce = 4096;

    /// <summary>Examples in their order, in one pass or in as many of about the same number of word pieces as keep each at 4096, give or take a row.</summary>
    public static IReadOnlyList<Batch> Passes(IReadOnlyList<Example> examples)
    {
        long all = examples.Sum(e => (long)e.Ids.Length), passes = (all + PiecesAtOnce - 1) / PiecesAtOnce, here = 0;
        var batches = new List<Batch>();
        int first = 0;
        for (int i = 0; i < examples.Count; i++)
        {
            here += examples[i].Ids.Length;
            if (here * passes < all * (batches.Count + 1)) continue;
            batches.Add(Of([.. examples.Skip(first).Take(i + 1 - first)]));
            first = i + 1;
        }
        return batches;
    }

    /// <summary>Examples in one pass.</summary>
    public static Batch Of(IReadOnlyList<Example> examples)
    {
        var starts = new int[examples.Count + 1];
        for (int row = 0; row < examples.Count; row++) starts[row + 1] = starts[row] + examples[row].Ids.Length;
        return new Batch(
            new PackedBatch([.. examples.SelectMany(e => e.Ids)], [.. examples.SelectMany(e => e.Types)], starts),
            [.. examples.SelectMany((e, row) => e.ReadPositions.Select(at => starts[row] + at))],
            [.. examples.SelectMany(e => e.Targets)],
            examples.Any(e => e.ScoredLines != e.ReadPositions.Length) ? [.. examples.SelectMany((e, row) => Enumerable.Repeat(row, e.ReadPositions.Length))] : null)
        {
            Over = examples[0].Over,
        };
    }
}
