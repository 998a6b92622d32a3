// Queries, keys and values of the first layer, kept from step to step: without dropout they depend on the word piece, its position and its segment alone.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// Rows [width] by word piece, position and segment: those that training sees first, until their memory is full. Only for products whose rows do not depend on the
/// rows beside them: a run that is resumed from a checkpoint, for which nothing is kept at first, must compute the same.
/// </summary>
/// <param name="width">Floats of a row.</param>
/// <param name="mostRows">Rows at most.</param>
internal sealed unsafe class KeptProjections(int width, int mostRows) : IDisposable
{
    private const int RowsPerBlock = 1 << 10;

    private readonly Dictionary<(int Id, int Position, int Type), int> _rows = [];
    private readonly List<Scratch> _blocks = [];

    /// <summary>Which row each word piece of a batch has here; null where there are none to fetch or to fill.</summary>
    /// <param name="batch">The rows of word pieces.</param>
    /// <param name="firstPosition">Position of a row's first piece; null where projections do not depend on positions.</param>
    /// <param name="fill">Whether pieces without a row are given one.</param>
    public KeptRows? Find(PackedBatch batch, int? firstPosition, bool fill)
    {
        int known = _rows.Count;
        if (known == 0 && !fill) return null;
        var rows = new int[batch.Ids.Length];
        for (int b = 0; b < batch.RowCount; b++)
            for (int i = batch.RowStarts[b]; i < batch.RowStarts[b + 1]; i++)
            {
                var piece = (batch.Ids[i], firstPosition + i - batch.RowStarts[b] ?? 0, batch.Types[i]);
                // Only a piece's first occurrence in the batch gets the row: two parts may compute the same piece at once.
                if (_rows.TryGetValue(piece, out int row)) rows[i] = row < known ? row : KeptRows.None;
                else rows[i] = fill && _rows.Count < mostRows ? _rows[piece] = _rows.Count : KeptRows.None;
            }
        while ((long)_blocks.Count * RowsPerBlock < _rows.Count)
        {
            _blocks.Add(new Scratch());
            _blocks[^1].Reserve(BlockSize);
        }
        return new KeptRows(rows, known);
    }

    /// <summary>Copies the rows that are known to their pieces' rows in <paramref name="result"/>, and the operands of the others one after the other to <paramref name="missing"/>.</summary>
    /// <param name="kept">Of the batch.</param>
    /// <param name="part">The part whose rows these are.</param>
    /// <param name="operands">[T of the part, inner].</param>
    /// <param name="inner">Width of an operand.</param>
    /// <param name="missing">[<see cref="KeptRows.Missing"/>, inner].</param>
    /// <param name="result">[T of the part, width].</param>
    public void Fetch(KeptRows kept, RowRange part, float* operands, int inner, float* missing, float* result)
    {
        foreach (int row in kept.Of(part))
        {
            if (kept.IsKnown(row)) Copy(At(row), result, width);
            else
            {
                Copy(operands, missing, inner);
                missing += inner;
            }
            operands += inner;
            result += width;
        }
    }

    /// <summary>Copies what was computed for the others to their rows in <paramref name="result"/>, and keeps it where it was given a row.</summary>
    /// <param name="kept">As in <see cref="Fetch"/>.</param>
    /// <param name="part">As in <see cref="Fetch"/>.</param>
    /// <param name="computed">[<see cref="KeptRows.Missing"/>, width].</param>
    /// <param name="result">As in <see cref="Fetch"/>.</param>
    public void Keep(KeptRows kept, RowRange part, float* computed, float* result)
    {
        foreach (int row in kept.Of(part))
        {
            if (!kept.IsKnown(row))
            {
                Copy(computed, result, width);
                if (row != KeptRows.None) Copy(computed, At(row), width);
                computed += width;
            }
            result += width;
        }
    }

    /// <summary>Drops all rows and frees their memory.</summary>
    public void Clear()
    {
        _rows.Clear();
        foreach (var block in _blocks) block.Dispose();
        _blocks.Clear();
    }

    public void Dispose() => Clear();

    private long BlockSize => (long)RowsPerBlock * width;

    private float* At(int row) => _blocks[row / RowsPerBlock].Reserve(BlockSize) + (long)(row % RowsPerBlock) * width;

    private static void Copy(float* from, float* to, int length) => new Span<float>(from, length).CopyTo(new Span<float>(to, length));
}

/// <summary>The rows that a batch's word pieces have in <see cref="KeptProjections"/>.</summary>
/// <param name="Rows">For each word piece its row, or <see cref="None"/>: [T].</param>
/// <param name="Known">Rows below it were computed before this batch; the others will be by it.</param>
internal sealed record KeptRows(int[] Rows, int Known)
{
    public const int None = -1;

    public bool IsKnown(int row) => (uint)row < (uint)Known;

    public ReadOnlySpan<int> Of(RowRange part) => Rows.AsSpan(part.FirstPiece, part.PieceCount);

    /// <summary>Pieces of a part that must be computed.</summary>
    public int Missing(RowRange part)
    {
        int missing = 0;
        foreach (int row in Of(part)) missing += IsKnown(row) ? 0 : 1;
        return missing;
    }
}
