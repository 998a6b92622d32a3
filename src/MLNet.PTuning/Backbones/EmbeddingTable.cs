// A frozen table of vectors that word pieces, positions or segments begin as: floats, or 8-bit integers with a scale for each row.
using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Rows of floats; of integers where there are scales.</summary>
/// <param name="Values">[rows, width], floats or 8-bit integers.</param>
/// <param name="Scales">What each row's integers are to be multiplied by, [rows]; null for floats.</param>
internal sealed record EmbeddingTable(torch.Tensor Values, torch.Tensor? Scales = null)
{
    public int RowCount { get; } = (int)Values.shape[0];

    public int Width { get; } = (int)Values.shape[1];

    /// <summary>Rows by index, as floats: [n] → [n, width].</summary>
    public torch.Tensor Rows(torch.Tensor index)
    {
        var rows = Values.index_select(0, index);
        return Scales is null ? rows : rows.to_type(torch.ScalarType.Float32) * Scales.index_select(0, index).unsqueeze(1);
    }

    /// <inheritdoc cref="Rows(torch.Tensor)"/>
    public torch.Tensor Rows(long[] index) => Rows(torch.tensor(index, device: Values.device));

    /// <summary>A table rounded to 8-bit integers, each row by its own largest magnitude; the creator owns its tensors.</summary>
    /// <param name="table">[rows, width].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Columns.</param>
    public static EmbeddingTable Int8Of(ReadOnlySpan<float> table, int rows, int width)
    {
        const int Largest = 127;
        var values = torch.zeros([rows, width], dtype: torch.ScalarType.Int8).DetachFromDisposeScope();
        var scales = torch.zeros([rows], dtype: torch.ScalarType.Float32).DetachFromDisposeScope();
        var integers = MemoryMarshal.Cast<byte, sbyte>(values.bytes);
        var factors = MemoryMarshal.Cast<byte, float>(scales.bytes);
        for (int row = 0; row < rows; row++)
        {
            var from = table.Slice(row * width, width);
            float largest = 0;
            foreach (float value in from) largest = MathF.Max(largest, MathF.Abs(value));
            if (largest == 0) continue;
            float scale = factors[row] = largest / Largest;
            for (int i = 0; i < width; i++) integers[row * width + i] = (sbyte)MathF.Round(from[i] / scale);
        }
        return new EmbeddingTable(values, scales);
    }
}
