// What stands between the matrix products of a layer, each in one pass over memory: bias, GELU, dropout, residual sum, norm, and their derivatives.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>All matrices are row-major and contiguous; each call takes the rows from <c>from</c> to <c>to</c>.</summary>
internal static unsafe class Elementwise<TLanes> where TLanes : struct, ILanes<TLanes>
{
    /// <summary>x[row, :] += bias.</summary>
    public static void AddBias(float* x, float* bias, int width, int from, int to)
    {
        for (int row = from; row < to; row++)
        {
            float* r = x + (long)row * width;
            int k = 0;
            for (; k + TLanes.Count <= width; k += TLanes.Count) (TLanes.Load(r + k) + TLanes.Load(bias + k)).Store(r + k);
            for (; k < width; k++) r[k] += bias[k];
        }
    }

    /// <summary>x += bias; y = GELU(x), exact (Hendrycks and Gimpel, 2016).</summary>
    public static void BiasGelu(float* x, float* bias, float* y, int width, int from, int to)
    {
        for (int row = from; row < to; row++)
        {
            float* r = x + (long)row * width, result = y + (long)row * width;
            int k = 0;
            for (; k + TLanes.Count <= width; k += TLanes.Count)
            {
                var v = TLanes.Load(r + k) + TLanes.Load(bias + k);
                v.Store(r + k);
                (v * Normal(v, out _)).Store(result + k);
            }
            for (; k < width; k++)
            {
                r[k] += bias[k];
                result[k] = r[k] * Normal(r[k], out _);
            }
        }
    }

    /// <summary>gradient *= GELU'(x).</summary>
    public static void GeluBackward(float* gradient, float* x, int width, int from, int to)
    {
        long k = (long)from * width, end = (long)to * width;
        for (; k + TLanes.Count <= end; k += TLanes.Count)
        {
            var v = TLanes.Load(x + k);
            var cumulative = Normal(v, out var density);
            (TLanes.Load(gradient + k) * TLanes.MultiplyAdd(v, density, cumulative)).Store(gradient + k);
        }
        for (; k < end; k++)
        {
            float cumulative = Normal(x[k], out float density);
            gradient[k] *= x[k] * density + cumulative;
        }
    }

    /// <summary>x = norm(drop(x + bias) + residual) · weight + shift; keeps the normalised values and 1 / deviation where asked.</summary>
    public static void DropAddNorm(float* x, float* bias, DropMask mask, float* residual, NormWeights norm, float* normalised, float* inverse, int from, int to)
    {
        int width = norm.Width;
        for (int row = from; row < to; row++)
        {
            float* r = x + (long)row * width, other = residual + (long)row * width;
            uint seed = mask.RowSeed(row);
            TLanes sums = default;
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = TLanes.Load(r + k) + TLanes.Load(bias + k);
                if (mask.IsActive) v *= TLanes.Mask(seed, (uint)k, mask.Threshold, mask.Kept);
                v += TLanes.Load(other + k);
                v.Store(r + k);
                sums += v;
            }
            var mean = TLanes.All(sums.Sum() / width);
            TLanes squares = default;
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = TLanes.Load(r + k) - mean;
                squares = TLanes.MultiplyAdd(v, v, squares);
            }
            float scale = 1 / MathF.Sqrt(squares.Sum() / width + norm.Epsilon);
            if (inverse is not null) inverse[row] = scale;
            var scales = TLanes.All(scale);
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = (TLanes.Load(r + k) - mean) * scales;
                if (normalised is not null) v.Store(normalised + (long)row * width + k);
                TLanes.MultiplyAdd(v, TLanes.Load(norm.Weight + k), TLanes.Load(norm.Shift + k)).Store(r + k);
            }
        }
    }

    /// <summary>gradient ← its value before the norm; dropped ← that times the mask of <see cref="DropAddNorm"/>.</summary>
    public static void DropAddNormBackward(float* gradient, float* normalised, float* inverse, NormWeights norm, DropMask mask, float* dropped, int from, int to)
    {
        int width = norm.Width;
        for (int row = from; row < to; row++)
        {
            float* g = gradient + (long)row * width, n = normalised + (long)row * width, d = dropped + (long)row * width;
            uint seed = mask.RowSeed(row);
            TLanes sums = default, products = default;
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = TLanes.Load(g + k) * TLanes.Load(norm.Weight + k);
                sums += v;
                products = TLanes.MultiplyAdd(v, TLanes.Load(n + k), products);
            }
            var mean = TLanes.All(sums.Sum() / width);
            var slope = TLanes.All(products.Sum() / width);
            var scale = TLanes.All(inverse[row]);
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = (TLanes.Load(g + k) * TLanes.Load(norm.Weight + k) - mean - TLanes.Load(n + k) * slope) * scale;
                v.Store(g + k);
                (mask.IsActive ? v * TLanes.Mask(seed, (uint)k, mask.Threshold, mask.Kept) : v).Store(d + k);
            }
        }
    }

    // The normal distribution's cumulative probability and density, the error function by Abramowitz and Stegun (1964), 7.1.26: within 1.5e-7.
    private static TLanes Normal(TLanes x, out TLanes density)
    {
        var gauss = TLanes.Exp(x * x * TLanes.All(-0.5f));
        density = gauss * TLanes.All(InverseRootOfTwoPi);
        var t = TLanes.All(1) / TLanes.MultiplyAdd(TLanes.Abs(x), TLanes.All(P * InverseRootOfTwo), TLanes.All(1));
        var poly = TLanes.MultiplyAdd(t, TLanes.All(A5), TLanes.All(A4));
        poly = TLanes.MultiplyAdd(poly, t, TLanes.All(A3));
        poly = TLanes.MultiplyAdd(poly, t, TLanes.All(A2));
        poly = TLanes.MultiplyAdd(poly, t, TLanes.All(A1));
        var erf = TLanes.CopySign(TLanes.All(1) - poly * t * gauss, x);
        return TLanes.MultiplyAdd(erf, TLanes.All(0.5f), TLanes.All(0.5f));
    }

    private static float Normal(float x, out float density)
    {
        float gauss = MathF.Exp(-0.5f * x * x), t = 1 / (1 + P * InverseRootOfTwo * MathF.Abs(x));
        density = gauss * InverseRootOfTwoPi;
        float erf = MathF.CopySign(1 - ((((A5 * t + A4) * t + A3) * t + A2) * t + A1) * t * gauss, x);
        return 0.5f + 0.5f * erf;
    }

    private const float P = 0.3275911f, A1 = 0.254829592f, A2 = -0.284496736f, A3 = 1.421413741f, A4 = -1.453152027f, A5 = 1.061405429f;
    private const float InverseRootOfTwo = 0.70710678f, InverseRootOfTwoPi = 0.39894228f;
}

/// <summary>A layer norm's weight and shift [width]; the width is a multiple of the vector's length.</summary>
internal readonly unsafe struct NormWeights(float* weight, float* shift, int width, float epsilon)
{
    public float* Weight { get; } = weight;

    public float* Shift { get; } = shift;

    public int Width { get; } = width;

    public float Epsilon { get; } = epsilon;
}
