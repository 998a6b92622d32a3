// One interface over 512, 256 and 128-bit vectors, so that each kernel is written once and compiled for the widest that the processor has.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A vector of <see cref="Count"/> floats.</summary>
internal unsafe interface ILanes<TSelf> where TSelf : struct, ILanes<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Load(float* from);

    static abstract TSelf Load(BFloat16* from);

    static abstract TSelf Load(sbyte* from);

    static abstract TSelf All(float value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a · b + c.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger; where either is not a number, <paramref name="b"/> on some processors.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    static abstract TSelf Abs(TSelf a);

    /// <summary>The magnitude of <paramref name="a"/> with the sign of <paramref name="sign"/>.</summary>
    static abstract TSelf CopySign(TSelf a, TSelf sign);

    /// <summary>a · 2ⁿ, n being the lowest bits of <paramref name="n"/> as an integer.</summary>
    static abstract TSelf AddToExponent(TSelf a, TSelf n);

    /// <summary>For each index from <paramref name="first"/> on: <paramref name="kept"/> where its hash is at least <paramref name="threshold"/>, else 0.</summary>
    static abstract TSelf Mask(uint seed, uint first, uint threshold, float kept);

    void Store(float* to);

    /// <summary>Rounded to the nearest, ties to even.</summary>
    void Store(BFloat16* to);

    /// <summary>The lowest eight bits of each float's representation.</summary>
    void StoreLowestBytes(byte* to);

    float Sum();

    float Highest();
}
