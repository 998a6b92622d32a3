// What one pass over a batch consists of: its rows, the positions read, their prompts and their dropout masks.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>The parts of a forward pass that its backward pass needs again, in addition to the buffers. The prompts must live as long.</summary>
internal sealed unsafe class Pass
{
    private readonly int[] _readStarts;

    /// <param name="batch">The rows.</param>
    /// <param name="readPositions">Positions read in the last layer, ascending.</param>
    /// <param name="prompts">Keys and values, or nothing, of rows one after the other.</param>
    /// <param name="keyWidth">W.</param>
    /// <param name="kept">Projections of the first layer that are kept; null where none may be.</param>
    public Pass(PackedBatch batch, int[] readPositions, IReadOnlyList<PromptedRows> prompts, int keyWidth, KeptRows? kept = null)
    {
        (Batch, ReadPositions, _readStarts, Kept) = (batch, readPositions, batch.StartsOf(readPositions), kept);
        var runs = new PromptRun[prompts.Count];
        for (int i = 0, first = 0; i < prompts.Count; first += prompts[i++].RowCount) runs[i] = new PromptRun(i, prompts[i], first, batch.RowStarts[first], _readStarts[first], keyWidth);
        Runs = runs;
    }

    public PackedBatch Batch { get; }

    /// <summary>The positions read: [R].</summary>
    public int[] ReadPositions { get; }

    public KeptRows? Kept { get; }

    /// <summary>Each prompt with its rows.</summary>
    public IReadOnlyList<PromptRun> Runs { get; }

    /// <summary>Of the longest prompt.</summary>
    public int LongestPrefix => Runs.Max(run => run.PrefixLength);

    /// <summary>The runs of rows with one prompt within a range.</summary>
    public (PromptRun Run, RowRange Rows)[] RunsOf(RowRange rows)
    {
        if (Runs is [var alone]) return [(alone, rows)];
        var runs = new List<(PromptRun, RowRange)>();
        foreach (var run in Runs)
        {
            int first = Math.Max(run.FirstRow, rows.First), end = Math.Min(run.FirstRow + run.RowCount, rows.First + rows.Count);
            if (first < end) runs.Add((run, new RowRange(Batch.RowStarts, _readStarts, first, end - first)));
        }
        return [.. runs];
    }

    /// <summary>The batch in at most so many ranges of rows of about the same cost.</summary>
    public RowRange[] Split(int parts)
    {
        // A part gains more by a thread of its own than that costs from a few dozen word pieces on.
        const int Fewest = 16;
        parts = Math.Clamp(Batch.Ids.Length / Fewest, 1, Math.Min(parts, Batch.RowCount));
        var ranges = new List<RowRange>(parts);
        int first = 0;
        for (int row = 0; row < Batch.RowCount; row++)
        {
            // A row's cost is that of its products, nearly in proportion to its pieces. A part ends where it comes nearest to an equal number of them.
            long target = (long)Batch.Ids.Length * (ranges.Count + 1), end = (long)Batch.RowStarts[row + 1] * parts;
            if (row + 1 < Batch.RowCount && Math.Abs(target - end) > Math.Abs((long)Batch.RowStarts[row + 2] * parts - target)) continue;
            ranges.Add(new RowRange(Batch.RowStarts, _readStarts, first, row + 1 - first));
            first = row + 1;
        }
        return [.. ranges];
    }
}

/// <summary>Rows one after the other that have one prompt. Masks count rows, word pieces and positions read from the run's first one on: they are those of a pass with these rows alone.</summary>
internal sealed unsafe class PromptRun
{
    /// <summary>The masks of a layer.</summary>
    public const int Probabilities = 0, AttentionOutput = 2, Output = 3;

    /// <summary>The mask before the first layer, whose number it goes with.</summary>
    public const int Embedded = -1;

    private const int PrefixSite = 1, Sites = 4;

    // The prompt's own table, read without a copy.
    private readonly float* _prefix, _embedded;
    private readonly int _width, _stride, _keyWidth;
    private readonly Dropout? _dropout;
    private readonly double _prefixDropout;

    /// <param name="index">The run's index in its pass.</param>
    /// <param name="rows">The prompt, and how many rows have it.</param>
    /// <param name="firstRow">Index in the batch of the first of them.</param>
    /// <param name="firstPiece">Index in the batch of its first word piece.</param>
    /// <param name="firstRead">Index among the positions read of its first one.</param>
    /// <param name="keyWidth">W.</param>
    public PromptRun(int index, PromptedRows rows, int firstRow, int firstPiece, int firstRead, int keyWidth)
    {
        (Index, FirstRow, RowCount, FirstPiece, FirstRead, _keyWidth) = (index, firstRow, rows.RowCount, firstPiece, firstRead, keyWidth);
        (_dropout, _prefixDropout) = (rows.Dropout, rows.Prompt.Dropout);
        if (rows.Embedded is { } embedded)
        {
            _embedded = Buffers.At(embedded);
            _width = (int)embedded.shape[1];
        }
        if (rows.Prompt.Prefix is not { } prefix) return;
        PrefixLength = rows.Prompt.Length;
        _prefix = Buffers.At(prefix);
        _stride = (int)prefix.shape[1];
    }

    public int Index { get; }

    public int FirstRow { get; }

    public int RowCount { get; }

    public int FirstPiece { get; }

    public int FirstRead { get; }

    public int PrefixLength { get; }

    /// <summary>Hidden states before the first layer from those of a part's first row on; null for those of the backbone's embeddings.</summary>
    public float* EmbeddedFrom(RowRange rows) => _embedded is null ? null : _embedded + (long)(rows.FirstPiece - FirstPiece) * _width;

    /// <summary>A layer's keys and values; nothing without a prompt.</summary>
    public (PrefixRows Keys, PrefixRows Values) Prefix(int layer)
    {
        if (PrefixLength == 0) return default;
        float* keys = _prefix + 2L * layer * _keyWidth;
        return (new PrefixRows(keys, _stride), new PrefixRows(keys + _keyWidth, _stride));
    }

    /// <summary>The mask at one of the backbone's own places.</summary>
    /// <param name="configured">Probability that its configuration names.</param>
    /// <param name="layer">l.</param>
    /// <param name="site">Which of the layer's.</param>
    /// <param name="first">The batch's index of the run's first row of elements there.</param>
    public DropMask Mask(double configured, int layer, int site, int first) => _dropout is null ? default : Mask(_dropout, _dropout.InBackbone(configured), layer, site, first);

    /// <summary>The mask of a layer's keys and values of the prompt.</summary>
    /// <param name="layer">l.</param>
    /// <param name="keyHeads">Heads of keys, each of which has rows of elements of its own.</param>
    public DropMask PrefixMask(int layer, int keyHeads) => _dropout is null ? default : Mask(_dropout, _prefixDropout, layer, PrefixSite, FirstRow * keyHeads * PrefixLength * 2);

    private static DropMask Mask(Dropout dropout, double probability, int layer, int site, int first) => new(probability, dropout.StepSeed, layer * Sites + site, first);
}

/// <summary>A range of a batch's rows.</summary>
internal sealed class RowRange
{
    /// <param name="pieceStarts">Where each row of the batch begins: [B + 1].</param>
    /// <param name="readStarts">How many positions are read before each row: [B + 1].</param>
    /// <param name="first">The first row.</param>
    /// <param name="count">Number of rows.</param>
    public RowRange(int[] pieceStarts, int[] readStarts, int first, int count)
    {
        (First, Count, FirstPiece, FirstRead) = (first, count, pieceStarts[first], readStarts[first]);
        KeyStarts = From(pieceStarts);
        ReadStarts = From(readStarts);
        for (int row = 0; row < count; row++) LongestRow = Math.Max(LongestRow, KeyStarts[row + 1] - KeyStarts[row]);

        int[] From(int[] starts) => Array.ConvertAll(starts[first..(first + count + 1)], start => start - starts[first]);
    }

    /// <summary>Its first row's index in the batch, and the number of rows.</summary>
    public int First { get; }

    /// <inheritdoc cref="First"/>
    public int Count { get; }

    /// <summary>Indices in the batch of the first word piece and of the first position read.</summary>
    public int FirstPiece { get; }

    /// <inheritdoc cref="FirstPiece"/>
    public int FirstRead { get; }

    /// <summary>Where each row's keys and positions read begin, counted from the first one's: [Count + 1].</summary>
    public int[] KeyStarts { get; }

    /// <inheritdoc cref="KeyStarts"/>
    public int[] ReadStarts { get; }

    /// <summary>Word pieces of the longest row.</summary>
    public int LongestRow { get; }

    public int PieceCount => KeyStarts[^1];

    public int ReadCount => ReadStarts[^1];
}
