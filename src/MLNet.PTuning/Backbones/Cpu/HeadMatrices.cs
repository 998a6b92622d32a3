// The small matrices of one row and head of attention, packed one after the other in a worker's memory.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Row-major; numbers of rows are rounded up for <see cref="SmallProducts{TLanes}"/>, and what lies beyond a matrix's own rows and columns has no meaning.</summary>
internal sealed unsafe class HeadMatrices<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private readonly int _headSize;

    /// <param name="scratch">Memory to lie in.</param>
    /// <param name="headSize">d.</param>
    /// <param name="mostKeys">Of a row, the prompt's among them.</param>
    /// <param name="queryBlock">Queries at a time.</param>
    /// <param name="backward">Whether there are gradients.</param>
    public HeadMatrices(Scratch scratch, int headSize, int mostKeys, int queryBlock, bool backward)
    {
        _headSize = headSize;
        Width = RoundUp(headSize);
        Stride = RoundUp(mostKeys);
        int keys = (mostKeys + SmallProducts<TLanes>.RowsAtOnce) * Width, across = headSize * Stride;
        int queries = queryBlock * Width, scores = queryBlock * Stride;
        float* at = scratch.Reserve(2L * keys + across + 2 * queries + scores + (backward ? 2 * keys + across + queries + scores : 0));
        Keys = Take(keys);
        Values = Take(keys);
        KeysAcross = Take(across);
        Queries = Take(queries);
        Mixed = Take(queries);
        Scores = Take(scores);
        if (!backward) return;
        ValuesAcross = Take(across);
        KeyGradients = Take(keys);
        ValueGradients = Take(keys);
        OutputGradients = Take(queries);
        ScoreGradients = Take(scores);

        float* Take(int length)
        {
            float* block = at;
            at += length;
            return block;
        }
    }

    /// <summary>d, rounded up to whole vectors.</summary>
    public int Width { get; }

    /// <summary>The most keys, rounded up to whole vectors.</summary>
    public int Stride { get; }

    /// <summary>[keys, Width].</summary>
    public float* Keys { get; }

    /// <inheritdoc cref="Keys"/>
    public float* Values { get; }

    /// <inheritdoc cref="Keys"/>
    public float* KeyGradients { get; }

    /// <inheritdoc cref="Keys"/>
    public float* ValueGradients { get; }

    /// <summary>[d, Stride].</summary>
    public float* KeysAcross { get; }

    /// <inheritdoc cref="KeysAcross"/>
    public float* ValuesAcross { get; }

    /// <summary>[queries, Width].</summary>
    public float* Queries { get; }

    /// <inheritdoc cref="Queries"/>
    public float* Mixed { get; }

    /// <inheritdoc cref="Queries"/>
    public float* OutputGradients { get; }

    /// <summary>[queries, Stride].</summary>
    public float* Scores { get; }

    /// <inheritdoc cref="Scores"/>
    public float* ScoreGradients { get; }

    public static int RoundUp(int n) => (n + TLanes.Count - 1) / TLanes.Count * TLanes.Count;

    public void TransposeKeys(int first, int count) => Transpose(Keys, KeysAcross, first, count);

    public void TransposeValues(int first, int count) => Transpose(Values, ValuesAcross, first, count);

    public void ClearKeyGradients(int count)
    {
        new Span<float>(KeyGradients, count * Width).Clear();
        new Span<float>(ValueGradients, count * Width).Clear();
    }

    /// <summary>to[r, :] = (from[r, :] + bias) · factor, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack<T>(T* from, int stride, float* bias, int rows, float* to, int toStride, int width, float factor) where T : unmanaged
    {
        for (int r = 0; r < rows; r++, from += stride, to += toStride)
        {
            int k = 0;
            for (; k + TLanes.Count <= width; k += TLanes.Count)
            {
                var v = Element<T>.Load<TLanes>(from + k);
                if (bias is not null) v += TLanes.Load(bias + k);
                (v * TLanes.All(factor)).Store(to + k);
            }
            for (; k < width; k++) to[k] = (Element<T>.Get(from + k) + (bias is not null ? bias[k] : 0)) * factor;
        }
    }

    /// <summary>to[r, :] = from[r, :] · factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<T>(float* from, int fromStride, int rows, T* to, int stride, int width, float factor) where T : unmanaged
    {
        for (int r = 0; r < rows; r++, from += fromStride, to += stride)
        {
            int k = 0;
            for (; k + TLanes.Count <= width; k += TLanes.Count) Element<T>.Store(TLanes.Load(from + k) * TLanes.All(factor), to + k);
            for (; k < width; k++) Element<T>.Set(to + k, from[k] * factor);
        }
    }

    // Columns of a row at a time, four rows in step: the writes of four rows fall on one cache line.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transpose(float* from, float* to, int first, int count)
    {
        int r = first, end = first + count;
        for (; r + 4 <= end; r += 4)
        {
            float* a = from + r * Width, b = a + Width, c = b + Width, d = c + Width, at = to + r;
            for (int k = 0; k < _headSize; k++, at += Stride)
            {
                at[0] = a[k];
                at[1] = b[k];
                at[2] = c[k];
                at[3] = d[k];
            }
        }
        for (; r < end; r++)
            for (int k = 0; k < _headSize; k++) to[k * Stride + r] = from[r * Width + k];
    }
}
