// Rows of word pieces laid end to end without padding: what an encoder reads.
namespace MLNet.PTuning.Backbones;

/// <summary>Rows of word pieces, packed.</summary>
/// <param name="Ids">Word-piece ids of all rows, one after the other, and −(j + 1) for a prompt's vector j: [T].</param>
/// <param name="Types">Segment (0 first text, 1 second) of each word piece: [T].</param>
/// <param name="RowStarts">Where each row starts in <paramref name="Ids"/>, and T at the end: [B + 1].</param>
internal sealed record PackedBatch(int[] Ids, int[] Types, int[] RowStarts)
{
    /// <summary>Each row's word pieces before these, where earlier passes had some: [B]; null where none had.</summary>
    public int[]? Earlier { get; init; }

    /// <summary>B, the number of rows.</summary>
    public int RowCount => RowStarts.Length - 1;

    /// <summary>Some of the rows, one after the other.</summary>
    public PackedBatch Slice(int first, int count)
    {
        int start = RowStarts[first], end = RowStarts[first + count];
        return new(Ids[start..end], Types[start..end], Array.ConvertAll(RowStarts[first..(first + count + 1)], at => at - start));
    }

    /// <summary>Each word piece's position in its row, counted from <paramref name="first"/>: [T].</summary>
    public long[] Positions(int first)
    {
        var positions = new long[Ids.Length];
        for (int row = 0; row < RowCount; row++)
            for (int i = RowStarts[row]; i < RowStarts[row + 1]; i++) positions[i] = first + (Earlier?[row] ?? 0) + i - RowStarts[row];
        return positions;
    }

    /// <summary>How many of the ascending <paramref name="indices"/> lie before each row's start, and their count at the end: [B + 1].</summary>
    public int[] StartsOf(int[] indices)
    {
        var starts = new int[RowCount + 1];
        for (int row = 0, i = 0; row < RowCount; row++)
        {
            while (i < indices.Length && indices[i] < RowStarts[row + 1]) i++;
            starts[row + 1] = i;
        }
        return starts;
    }
}
