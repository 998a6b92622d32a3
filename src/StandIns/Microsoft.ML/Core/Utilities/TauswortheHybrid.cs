// ML.NET's random numbers: a combined Tausworthe and linear congruential generator (GPU Gems 3, chapter 37).
using Microsoft.ML.Internal.Utilities;

namespace Microsoft.ML;

internal sealed class TauswortheHybrid : Random
{
    /// <summary>Below this the Tausworthe parts would not run their full period.</summary>
    private const uint SmallestState = 128;

    private uint _z1;
    private uint _z2;
    private uint _z3;
    private uint _z4;

    internal TauswortheHybrid(uint seed)
    {
        _z1 = seed;
        _z2 = Hashing.MurmurRound(_z1, seed);
        _z3 = Hashing.MurmurRound(_z2, seed);
        _z4 = Hashing.MurmurRound(_z3, seed);
    }

    /// <summary>A generator of its own whose state is drawn from <paramref name="source"/>.</summary>
    internal TauswortheHybrid(Random source)
    {
        _z1 = DrawState(source);
        _z2 = DrawState(source);
        _z3 = DrawState(source);
        _z4 = Draw(source);
    }

    public override int Next() => (int)(Step() & int.MaxValue);

    public override int Next(int maxValue) => (int)(((ulong)Step() * (ulong)maxValue) >> 32);

    public override double NextDouble() => Step() / 4294967296.0;

    /// <summary>Of the 23 bits that a Single holds exactly, so never 1.</summary>
    public override float NextSingle() => (Step() >> 9) / (float)(1 << 23);

    protected override double Sample() => NextDouble();

    private static uint DrawState(Random source)
    {
        uint value = Draw(source);
        while (value < SmallestState)
            value = Draw(source);
        return value;
    }

    private static uint Draw(Random source) => ((uint)source.Next(0x10000) << 16) | (uint)source.Next(0x10000);

    private static uint Tausworthe(uint z, int s1, int s2, int s3, uint mask) => ((z & mask) << s3) ^ (((z << s1) ^ z) >> s2);

    private uint Step()
    {
        _z1 = Tausworthe(_z1, 13, 19, 12, ~1u);
        _z2 = Tausworthe(_z2, 2, 25, 4, ~7u);
        _z3 = Tausworthe(_z3, 3, 11, 17, ~15u);
        _z4 = (_z4 * 1664525) + 1013904223;
        return _z1 ^ _z2 ^ _z3 ^ _z4;
    }
}
