// The product of the small matrices that one row and head of attention is made of; they live in the processor's cache.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

internal static unsafe class SmallProducts<TLanes> where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Rows are computed so many at a time: the matrices a and c have room for a multiple of it.</summary>
    public const int RowsAtOnce = 4;

    /// <summary>c[m, n] = a[m, k] · b[k, n], or added to c; n is a multiple of the vector's length. An element of a is <c>a[i · aRow + l · aColumn]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Multiply(float* a, int aRow, int aColumn, float* b, int bRow, float* c, int cRow, int m, int k, int n, bool add)
    {
        int j = 0;
        for (; j + 2 * TLanes.Count <= n; j += 2 * TLanes.Count)
            for (int i = 0; i < m; i += RowsAtOnce)
            {
                TLanes s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
                float* ai = a + i * aRow, bl = b + j, c0 = c + i * cRow + j, c1 = c0 + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
                if (add)
                {
                    (s00, s01) = (TLanes.Load(c0), TLanes.Load(c0 + TLanes.Count));
                    (s10, s11) = (TLanes.Load(c1), TLanes.Load(c1 + TLanes.Count));
                    (s20, s21) = (TLanes.Load(c2), TLanes.Load(c2 + TLanes.Count));
                    (s30, s31) = (TLanes.Load(c3), TLanes.Load(c3 + TLanes.Count));
                }
                for (int l = 0; l < k; l++, ai += aColumn, bl += bRow)
                {
                    TLanes b0 = TLanes.Load(bl), b1 = TLanes.Load(bl + TLanes.Count);
                    var x = TLanes.All(ai[0]);
                    (s00, s01) = (TLanes.MultiplyAdd(x, b0, s00), TLanes.MultiplyAdd(x, b1, s01));
                    x = TLanes.All(ai[aRow]);
                    (s10, s11) = (TLanes.MultiplyAdd(x, b0, s10), TLanes.MultiplyAdd(x, b1, s11));
                    x = TLanes.All(ai[2 * aRow]);
                    (s20, s21) = (TLanes.MultiplyAdd(x, b0, s20), TLanes.MultiplyAdd(x, b1, s21));
                    x = TLanes.All(ai[3 * aRow]);
                    (s30, s31) = (TLanes.MultiplyAdd(x, b0, s30), TLanes.MultiplyAdd(x, b1, s31));
                }
                s00.Store(c0);
                s01.Store(c0 + TLanes.Count);
                s10.Store(c1);
                s11.Store(c1 + TLanes.Count);
                s20.Store(c2);
                s21.Store(c2 + TLanes.Count);
                s30.Store(c3);
                s31.Store(c3 + TLanes.Count);
            }
        if (j == n) return;
        for (int i = 0; i < m; i += RowsAtOnce)
        {
            TLanes s0 = default, s1 = default, s2 = default, s3 = default;
            float* ai = a + i * aRow, bl = b + j, c0 = c + i * cRow + j, c1 = c0 + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
            if (add) (s0, s1, s2, s3) = (TLanes.Load(c0), TLanes.Load(c1), TLanes.Load(c2), TLanes.Load(c3));
            for (int l = 0; l < k; l++, ai += aColumn, bl += bRow)
            {
                var b0 = TLanes.Load(bl);
                s0 = TLanes.MultiplyAdd(TLanes.All(ai[0]), b0, s0);
                s1 = TLanes.MultiplyAdd(TLanes.All(ai[aRow]), b0, s1);
                s2 = TLanes.MultiplyAdd(TLanes.All(ai[2 * aRow]), b0, s2);
                s3 = TLanes.MultiplyAdd(TLanes.All(ai[3 * aRow]), b0, s3);
            }
            s0.Store(c0);
            s1.Store(c1);
            s2.Store(c2);
            s3.Store(c3);
        }
    }
}
