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
        int panels = (_columns + Width - 1) / Width;
        if (cores == 1) Multiply(a, c, m, 0, panels);
        else Workers.Run(cores, core => Multiply(a, c, m, panels * core / cores, panels * (core + 1) / cores));
        GC.KeepAlive(this);
    }

    /// <summary>The columns of one panel in c[m, n] = a[m, k] · M, for a range of rows.</summary>
    /// <param name="a">[m, k].</param>
    /// <param name="panel">The panel's rows: [k, <see cref="Width"/>], or half as wide.</param>
    /// <param name="c">[m, n].</param>
    /// <param name="m">Number of rows.</param>
    /// <param name="first">The panel's first column.</param>
    /// <param name="from">The first row.</param>
    /// <param name="to">The row after the last.</param>
    public void MultiplyPanel(float* a, float* panel, float* c, int m, int first, int from, int to)
    {
        for (int i = from; i < to; i += Rows)
            if (first + Width <= _columns) Tile(a, panel, c + first, i, m);
            else NarrowTile(a, panel, c + first, i, m);
    }

    public void Dispose() => _memory.Dispose();

    private void Multiply(float* a, float* c, int m, int from, int to)
    {
        for (int block = 0; block < m; block += RowBlock)
            for (int first = from * Width; first < Math.Min(to * Width, _columns); first += Width)
            {
                float* panel = _panels + (long)first * _inner;
                MultiplyPanel(a, panel, c, m, first, block, Math.Min(block + RowBlock, m));
            }
    }

    // Where fewer rows are left, the last one is computed several times.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void Tile(float* a, float* panel, float* c, int row, int rows)
    {
        int last = rows - 1, i1 = Math.Min(row + 1, last), i2 = Math.Min(row + 2, last), i3 = Math.Min(row + 3, last), i4 = Math.Min(row + 4, last), i5 = Math.Min(row + 5, last);
        float* a0 = a + (long)row * _inner, a1 = a + (long)i1 * _inner, a2 = a + (long)i2 * _inner, a3 = a + (long)i3 * _inner, a4 = a + (long)i4 * _inner, a5 = a + (long)i5 * _inner;
        TLanes s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default;
        TLanes s30 = default, s31 = default, s40 = default, s41 = default, s50 = default, s51 = default;
        long inner = _inner;
        for (long l = 0; l < inner; l++, panel += 2 * TLanes.Count)
        {
            TLanes b0 = TLanes.Load(panel), b1 = TLanes.Load(panel + TLanes.Count);
            var x = TLanes.All(a0[l]);
            (s00, s01) = (TLanes.MultiplyAdd(x, b0, s00), TLanes.MultiplyAdd(x, b1, s01));
            x = TLanes.All(a1[l]);
            (s10, s11) = (TLanes.MultiplyAdd(x, b0, s10), TLanes.MultiplyAdd(x, b1, s11));
            x = TLanes.All(a2[l]);
            (s20, s21) = (TLanes.MultiplyAdd(x, b0, s20), TLanes.MultiplyAdd(x, b1, s21));
            x = TLanes.All(a3[l]);
            (s30, s31) = (TLanes.MultiplyAdd(x, b0, s30), TLanes.MultiplyAdd(x, b1, s31));
            x = TLanes.All(a4[l]);
            (s40, s41) = (TLanes.MultiplyAdd(x, b0, s40), TLanes.MultiplyAdd(x, b1, s41));
            x = TLanes.All(a5[l]);
            (s50, s51) = (TLanes.MultiplyAdd(x, b0, s50), TLanes.MultiplyAdd(x, b1, s51));
        }
        Put(s00, s01, row);
        Put(s10, s11, i1);
        Put(s20, s21, i2);
        Put(s30, s31, i3);
        Put(s40, s41, i4);
        Put(s50, s51, i5);

        void Put(TLanes left, TLanes right, int i)
        {
            left.Store(c + (long)i * _columns);
            right.Store(c + (long)i * _columns + TLanes.Count);
        }
    }

    // The last panel where the columns are an odd number of vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void NarrowTile(float* a, float* panel, float* c, int row, int rows)
    {
        for (int i = row; i < Math.Min(row + Rows, rows); i++)
        {
            TLanes sum = default;
            for (int l = 0; l < _inner; l++) sum = TLanes.MultiplyAdd(TLanes.All(a[(long)i * _inner + l]), TLanes.Load(panel + l * TLanes.Count), sum);
            sum.Store(c + (long)i * _columns);
        }
    }
}
