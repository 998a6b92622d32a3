// Conversion of 16-bit floats agrees with .NET's own on every value there is.
using System.Runtime.InteropServices;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class ElementConversionTests
{
    private static readonly ushort[] s_all = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];

    [Fact]
    public void Every_half_becomes_the_float_of_its_value()
    {
        float[] floats = Convert(ElementType.F16);
        for (int i = 0; i < floats.Length; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            if (float.IsNaN(expected))
                Assert.True(float.IsNaN(floats[i]), $"half 0x{i:X4}");
            else
                Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(floats[i]));
        }
    }

    [Fact]
    public void Every_bfloat16_becomes_the_float_with_its_upper_bits()
    {
        float[] floats = Convert(ElementType.BF16);
        for (int i = 0; i < floats.Length; i++)
            Assert.Equal((uint)i << 16, BitConverter.SingleToUInt32Bits(floats[i]));
    }

    private static float[] Convert(ElementType type)
    {
        var floats = new float[s_all.Length];
        ElementConversion.ToFloats(type, MemoryMarshal.AsBytes<ushort>(s_all), floats);
        return floats;
    }
}
