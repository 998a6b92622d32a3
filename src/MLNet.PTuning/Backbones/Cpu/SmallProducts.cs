// Products of the small matrices that one row and head of attention is made of; they live in the processor's cache.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// Matrices are row-major; the width of <c>a</c> and <c>b</c> is a multiple of the vector's length (the caller pads with zeros),
/// that of the coefficients is free.
/// </summary>
internal static unsafe class SmallProducts<TLanes> where TLanes : struct, ILanes<TLanes>
{
    /// <summary>c[m, n] = a[m, width] · b[n, width]ᵀ, with <paramref name="stride"/> floats from row to row of c.</summary>
    [SkipLocalsInit]
    public static void Dots(float* a, int m, float* b, int n, int width, float* c, int stride)
    {
        int i = 0;
        for (; i + 4 <= m; i += 4)
            for (int j = 0; j < n; j++)
            {
                float* a0 = a + i * width, bj = b + j * width;
                TLanes s0 = default, s1 = default, s2 = default, s3 = default;
                for (int k = 0; k < width; k += TLanes.Count)
                {
                    var v = TLanes.Load(bj + k);
                    s0 = TLanes.MultiplyAdd(TLanes.Load(a0 + k), v, s0);
                    s1 = TLanes.MultiplyAdd(TLanes.Load(a0 + width + k), v, s1);
                    s2 = TLanes.MultiplyAdd(TLanes.Load(a0 + 2 * width + k), v, s2);
                    s3 = TLanes.MultiplyAdd(TLanes.Load(a0 + 3 * width + k), v, s3);
                }
                c[i * stride + j] = s0.Sum();
                c[(i + 1) * stride + j] = s1.Sum();
                c[(i + 2) * stride + j] = s2.Sum();
                c[(i + 3) * stride + j] = s3.Sum();
            }
        for (; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                TLanes s = default;
                for (int k = 0; k < width; k += TLanes.Count) s = TLanes.MultiplyAdd(TLanes.Load(a + i * width + k), TLanes.Load(b + j * width + k), s);
                c[i * stride + j] = s.Sum();
            }
    }

    /// <summary>a[m, width] = c[m, n] · b[n, width], with <paramref name="stride"/> floats from row to row of c.</summary>
    [SkipLocalsInit]
    public static void Mix(float* c, int stride, int m, float* b, int n, int width, float* a)
    {
        int i = 0;
        for (; i + 4 <= m; i += 4)
        {
            float* c0 = c + i * stride;
            for (int k = 0; k < width; k += TLanes.Count)
            {
                TLanes s0 = default, s1 = default, s2 = default, s3 = default;
                for (int j = 0; j < n; j++)
                {
                    var v = TLanes.Load(b + j * width + k);
                    s0 = TLanes.MultiplyAdd(TLanes.All(c0[j]), v, s0);
                    s1 = TLanes.MultiplyAdd(TLanes.All(c0[stride + j]), v, s1);
                    s2 = TLanes.MultiplyAdd(TLanes.All(c0[2 * stride + j]), v, s2);
                    s3 = TLanes.MultiplyAdd(TLanes.All(c0[3 * stride + j]), v, s3);
                }
                s0.Store(a + i * width + k);
                s1.Store(a + (i + 1) * width + k);
                s2.Store(a + (i + 2) * width + k);
                s3.Store(a + (i + 3) * width + k);
            }
        }
        for (; i < m; i++)
            for (int k = 0; k < width; k += TLanes.Count)
            {
                TLanes s = default;
                for (int j = 0; j < n; j++) s = TLanes.MultiplyAdd(TLanes.All(c[i * stride + j]), TLanes.Load(b + j * width + k), s);
                s.Store(a + i * width + k);
            }
    }

    /// <summary>b[n, width] += c[m, n]ᵀ · a[m, width], with <paramref name="stride"/> floats from row to row of c.</summary>
    [SkipLocalsInit]
    public static void MixTransposed(float* c, int stride, int m, float* a, int n, int width, float* b)
    {
        int j = 0;
        for (; j + 4 <= n; j += 4)
            for (int k = 0; k < width; k += TLanes.Count)
            {
                float* bj = b + j * width + k;
                TLanes s0 = TLanes.Load(bj), s1 = TLanes.Load(bj + width), s2 = TLanes.Load(bj + 2 * width), s3 = TLanes.Load(bj + 3 * width);
                for (int i = 0; i < m; i++)
                {
                    var v = TLanes.Load(a + i * width + k);
                    float* ci = c + i * stride + j;
                    s0 = TLanes.MultiplyAdd(TLanes.All(ci[0]), v, s0);
                    s1 = TLanes.MultiplyAdd(TLanes.All(ci[1]), v, s1);
                    s2 = TLanes.MultiplyAdd(TLanes.All(ci[2]), v, s2);
                    s3 = TLanes.MultiplyAdd(TLanes.All(ci[3]), v, s3);
                }
                s0.Store(bj);
                s1.Store(bj + width);
                s2.Store(bj + 2 * width);
                s3.Store(bj + 3 * width);
            }
        for (; j < n; j++)
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var s = TLanes.Load(b + j * width + k);
                for (int i = 0; i < m; i++) s = TLanes.MultiplyAdd(TLanes.All(c[i * stride + j]), TLanes.Load(a + i * width + k), s);
                s.Store(b + j * width + k);
            }
    }
}
