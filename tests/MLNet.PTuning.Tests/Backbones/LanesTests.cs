// The vectors' bfloat16 against TorchSharp's scalar one.
using MLNet.PTuning.Backbones.Cpu;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public unsafe class LanesTests
{
    [Fact]
    public void Vectors_of_512_bits_round_to_bfloat16_as_scalars_do() => RoundsAsScalarsDo<Lanes512>();

    [Fact]
    public void Vectors_of_256_bits_round_to_bfloat16_as_scalars_do() => RoundsAsScalarsDo<Lanes256>();

    [Fact]
    public void Vectors_of_128_bits_round_to_bfloat16_as_scalars_do() => RoundsAsScalarsDo<Lanes128>();

    private static void RoundsAsScalarsDo<TLanes>() where TLanes : struct, ILanes<TLanes>
    {
        Assert.Equal(2, sizeof(BFloat16));
        var random = new Random(1);
        // Ties to either side, the largest that stays finite, infinities, zeros, the smallest, the NaNs that processors make; then any number.
        uint[] chosen = [0x3F808000, 0x3F818000, 0xBF808000, 0x3F808001, 0x7F7F7FFF, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0, 0x80000000, 1, 0x00008000, 0x7FC00000, 0xFFC00000];
        float[] values = [.. chosen.Select(BitConverter.UInt32BitsToSingle),
            .. Enumerable.Range(0, 1 << 16).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32))).Where(v => !float.IsNaN(v))];
        values = values[..(values.Length / TLanes.Count * TLanes.Count)];
        var rounded = new BFloat16[values.Length];
        var back = new float[values.Length];
        fixed (float* from = values, to = back)
        fixed (BFloat16* halves = rounded)
            for (int i = 0; i < values.Length; i += TLanes.Count)
            {
                Element<BFloat16>.Store(TLanes.Load(from + i), halves + i);
                Element<BFloat16>.Load<TLanes>(halves + i).Store(to + i);
            }
        Assert.Equal(values.Select(v => (float)(BFloat16)v), back);
        Assert.Equal(values.Select(v => new BFloat16(v)), rounded, (a, b) => a == b || BFloat16.IsNaN(a) && BFloat16.IsNaN(b));
    }
}
