// The exponential and the activation functions over vectors.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

internal static class Functions
{
    /// <summary>eˣ within two units in the last place for x ≤ 88; below −87 it is that of −87. The polynomial is that of Cephes (Moshier, 1989).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes>(TLanes x) where TLanes : struct, ILanes<TLanes>
    {
        // Added to a float below 2²², it leaves the nearest integer in the lowest bits.
        const float Rounding = 12582912;
        x = TLanes.Max(TLanes.All(-87), x);
        var shifted = TLanes.MultiplyAdd(x, TLanes.All(1.44269504f), TLanes.All(Rounding));
        var n = shifted - TLanes.All(Rounding);
        // ln 2 in two parts, the first of which times n is exact.
        var r = TLanes.MultiplyAdd(n, TLanes.All(2.12194440e-4f), TLanes.MultiplyAdd(n, TLanes.All(-0.693359375f), x));
        var p = TLanes.MultiplyAdd(TLanes.All(1.9875691500e-4f), r, TLanes.All(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.All(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.All(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.All(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.All(5.0000001201e-1f));
        return TLanes.AddToExponent(TLanes.MultiplyAdd(p, r * r, r + TLanes.All(1)), shifted);
    }
}

/// <summary>An activation function with its derivative.</summary>
internal interface IActivation<TLanes> where TLanes : struct, ILanes<TLanes>
{
    static abstract TLanes Of(TLanes x, out TLanes slope);
}

/// <summary>GELU (Hendrycks and Gimpel, 2016), exact: the error function by Abramowitz and Stegun (1964), 7.1.26, within 1.5e-7.</summary>
internal readonly struct Gelu<TLanes> : IActivation<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const float InverseRootOfTwo = 0.70710678f, InverseRootOfTwoPi = 0.39894228f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of(TLanes x, out TLanes slope)
    {
        var gauss = Functions.Exp(x * x * TLanes.All(-0.5f));
        var t = TLanes.All(1) / TLanes.MultiplyAdd(TLanes.Abs(x), TLanes.All(0.3275911f * InverseRootOfTwo), TLanes.All(1));
        var poly = TLanes.MultiplyAdd(t, TLanes.All(1.061405429f), TLanes.All(-1.453152027f));
        poly = TLanes.MultiplyAdd(poly, t, TLanes.All(1.421413741f));
        poly = TLanes.MultiplyAdd(poly, t, TLanes.All(-0.284496736f));
        poly = TLanes.MultiplyAdd(poly, t, TLanes.All(0.254829592f));
        var erf = TLanes.CopySign(TLanes.All(1) - poly * t * gauss, x);
        var cumulative = TLanes.MultiplyAdd(erf, TLanes.All(0.5f), TLanes.All(0.5f));
        slope = TLanes.MultiplyAdd(x, gauss * TLanes.All(InverseRootOfTwoPi), cumulative);
        return x * cumulative;
    }
}

/// <summary>GELU by the hyperbolic tangent (Hendrycks and Gimpel, 2016, equation 2).</summary>
internal readonly struct TanhGelu<TLanes> : IActivation<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const float RootOfTwoOverPi = 0.79788456f, Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of(TLanes x, out TLanes slope)
    {
        var square = x * x;
        var inner = x * TLanes.MultiplyAdd(square, TLanes.All(RootOfTwoOverPi * Cubic), TLanes.All(RootOfTwoOverPi));
        // (1 + tanh z) / 2 is the logistic function of 2z.
        var small = Functions.Exp(TLanes.Abs(inner) * TLanes.All(-2));
        var half = TLanes.All(0.5f) * (TLanes.All(1) - small) / (TLanes.All(1) + small);
        var logistic = TLanes.All(0.5f) + TLanes.CopySign(half, inner);
        var innerSlope = TLanes.MultiplyAdd(square, TLanes.All(3 * RootOfTwoOverPi * Cubic), TLanes.All(RootOfTwoOverPi));
        slope = TLanes.MultiplyAdd(x * innerSlope * TLanes.All(2), logistic * (TLanes.All(1) - logistic), logistic);
        return x * logistic;
    }
}

/// <summary>The sigmoid linear unit (Elfwing et al., 2017).</summary>
internal readonly struct Silu<TLanes> : IActivation<TLanes> where TLanes : struct, ILanes<TLanes>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of(TLanes x, out TLanes slope)
    {
        // Below −87 the logistic function is that of −87.
        var logistic = TLanes.All(1) / (TLanes.All(1) + Functions.Exp(default(TLanes) - TLanes.Max(TLanes.All(-87), x)));
        slope = TLanes.MultiplyAdd(x * logistic, TLanes.All(1) - logistic, logistic);
        return x * logistic;
    }
}
