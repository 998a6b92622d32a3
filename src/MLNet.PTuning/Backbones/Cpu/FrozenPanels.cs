// The product of activations with a frozen matrix of floats that was laid out for it once: libtorch's product lays it out again every time.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A matrix M [k, n] as panels of a few whole vectors of columns, each panel's rows one after the other.</summary>
/// <remarks>A tile of <see cref="Rows"/> rows and one panel's columns stays in registers while it is summed up (Goto and van de Geijn, 2008).</remarks>
internal sealed unsafe class FrozenPanels<TLanes> : IDisposable where TLanes : struct, ILanes<TLanes>
{
    // Twelve sums, two vectors of the panel and one factor: fifteen of the sixteen registers that the narrower vectors have.
    private const int Rows = 6;

    // Rows that pass over all panels before the next ones do, so that they stay in the second-level cache.
    private const int RowBlock = 96;

    private readonly Scratch _memory = new();
    private readonly float* _panels;
    private readonly int _inner, _columns;

    /// <param name="matrix">Element (l, j) is <c>matrix[l · rowStride + j · columnStride]</c>.</param>
    /// <param name="rowStride">Elements from row to row.</param>
    /// <param name="columnStride">Elements from column to column.</param>
    /// <param name="inner">k.</param>
    /// <param name="columns">n, a multiple of the vector's length.</param>
    public FrozenPanels(float* matrix, int rowStride, int columnStride, int inner, int columns)
    {
        (_inner, _columns) = (inner, columns);
        _panels = _memory.Reserve((long)inner * columns);
        float* to = _panels;
        for (int first = 0; first < columns; first += Width)
            for (int l = 0; l < inner; l++)
                for (int j = first; j < Math.Min(first + Width, columns); j++) *to++ = matrix[(long)l * rowStride + (long)j * columnStride];
    }

    /// <summary>A matrix of which the caller makes one panel at a time, for <see cref="MultiplyPanel"/>.</summary>
    /// <param name="inner">k.</param>
    /// <param name="columns">n, a multiple of the vector's length.</param>
    public FrozenPanels(int inner, int columns) => (_inner, _columns) = (inner, columns);

    /// <summary>Columns of a panel; the last one may have half of them.</summary>
    public static int Width => 2 * TLanes.Count;

    /// <summary>c[m, n] = a[m, k] · M, all contiguous; every element is summed in the same order however many cores there are.</summary>
    /// <param name="a">[m, k].</param>
    /// <param name="c">[m, n], overwritten.</param>
    /// <param name="m">Number of rows.</param>
    /// <param name="cores">Threads that take a range of the columns each; 1 for this one alone.</param>
    public void Multiply(float* a, float* c, int m, int cores)
    {
        Workers.Share((_columns + Width - 1) / Width, cores, (_, from, to) => Multiply(a, c, m, from, to));
        GC.KeepAlive(this);
    }

    /// <summary>The columns of one panel in c[m, n] = a[m, k] · M, for a range of rows.</summary>
    /// <param name="a">[m, k].</param>
    /// <param name="panel">The panel's rows: [k, <see cref="Width"/>], or half as wide.</param>
    /// <param name="c">[m, n].</param>
    /// <param name="first">The panel's first column.</param>
    /// <param name="from">The first row.</param>
    /// <param name="to">The row after the last.</param>
    public void MultiplyPanel(float* a, float* panel, float* c, int first, int from, int to)
    {
        // Tiles of about the same number of rows: no row is computed twice, and none is left for a tile of its own.
        int rows = to - from, tiles = (rows + Rows - 1) / Rows;
        for (int tile = 0; tile < tiles; tile++)
        {
            int row = from + rows * tile / tiles, count = from + rows * (tile + 1) / tiles - row;
            float* left = a + (long)row * _inner, result = c + (long)row * _columns + first;
            if (first + Width > _columns) NarrowTile(left, panel, result, count);
            else Tile(left, panel, result, count);
        }
    }

    public void Dispose() => _memory.Dispose();

    private void Multiply(float* a, float* c, int m, int from, int to)
    {
        for (int block = 0; block < m; block += RowBlock)
            for (int first = from * Width; first < Math.Min(to * Width, _columns); first += Width)
                MultiplyPanel(a, _panels + (long)first * _inner, c, first, block, Math.Min(block + RowBlock, m));
    }

    private void Tile(float* a, float* panel, float* c, int rows)
    {
        switch (rows)
        {
            case 1: Tile<One>(a, panel, c); break;
            case 2: Tile<Two>(a, panel, c); break;
            case 3: Tile<Three>(a, panel, c); break;
            case 4: Tile<Four>(a, panel, c); break;
            case 5: Tile<Five>(a, panel, c); break;
            default: Tile<Six>(a, panel, c); break;
        }
    }

    // Compiled once for each number of rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void Tile<TRows>(float* a, float* panel, float* c) where TRows : struct, IRowCount
    {
        long inner = _inner, columns = _columns;
        float* a0 = a, a1 = a + inner, a2 = a + 2 * inner, a3 = a + 3 * inner, a4 = a + 4 * inner, a5 = a + 5 * inner;
        TLanes s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default;
        TLanes s30 = default, s31 = default, s40 = default, s41 = default, s50 = default, s51 = default;
        for (long l = 0; l < inner; l++, panel += 2 * TLanes.Count)
        {
            TLanes b0 = TLanes.Load(panel), b1 = TLanes.Load(panel + TLanes.Count);
            var x = TLanes.All(a0[l]);
            (s00, s01) = (TLanes.MultiplyAdd(x, b0, s00), TLanes.MultiplyAdd(x, b1, s01));
            if (TRows.Count > 1)
            {
                x = TLanes.All(a1[l]);
                (s10, s11) = (TLanes.MultiplyAdd(x, b0, s10), TLanes.MultiplyAdd(x, b1, s11));
            }
            if (TRows.Count > 2)
            {
                x = TLanes.All(a2[l]);
                (s20, s21) = (TLanes.MultiplyAdd(x, b0, s20), TLanes.MultiplyAdd(x, b1, s21));
            }
            if (TRows.Count > 3)
            {
                x = TLanes.All(a3[l]);
                (s30, s31) = (TLanes.MultiplyAdd(x, b0, s30), TLanes.MultiplyAdd(x, b1, s31));
            }
            if (TRows.Count > 4)
            {
                x = TLanes.All(a4[l]);
                (s40, s41) = (TLanes.MultiplyAdd(x, b0, s40), TLanes.MultiplyAdd(x, b1, s41));
            }
            if (TRows.Count > 5)
            {
                x = TLanes.All(a5[l]);
                (s50, s51) = (TLanes.MultiplyAdd(x, b0, s50), TLanes.MultiplyAdd(x, b1, s51));
            }
        }
        Put(c, s00, s01);
        if (TRows.Count > 1) Put(c + columns, s10, s11);
        if (TRows.Count > 2) Put(c + 2 * columns, s20, s21);
        if (TRows.Count > 3) Put(c + 3 * columns, s30, s31);
        if (TRows.Count > 4) Put(c + 4 * columns, s40, s41);
        if (TRows.Count > 5) Put(c + 5 * columns, s50, s51);

        // Inlined: a call would have the sums in memory from the loop on.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Put(float* to, TLanes left, TLanes right)
        {
            left.Store(to);
            right.Store(to + TLanes.Count);
        }
    }

    // The last panel where the columns are an odd number of vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void NarrowTile(float* a, float* panel, float* c, int rows)
    {
        for (int i = 0; i < rows; i++, a += _inner, c += _columns)
        {
            TLanes sum = default;
            for (int l = 0; l < _inner; l++) sum = TLanes.MultiplyAdd(TLanes.All(a[l]), TLanes.Load(panel + l * TLanes.Count), sum);
            sum.Store(c);
        }
    }

    private interface IRowCount
    {
        static abstract int Count { get; }
    }

    private readonly struct One : IRowCount { public static int Count => 1; }

    private readonly struct Two : IRowCount { public static int Count => 2; }

    private readonly struct Three : IRowCount { public static int Count => 3; }

    private readonly struct Four : IRowCount { public static int Count => 4; }

    private readonly struct Five : IRowCount { public static int Count => 5; }

    private readonly struct Six : IRowCount { public static int Count => 6; }
}
