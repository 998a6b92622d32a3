// Turns the bytes of a tensor's elements, of whatever type, into floats.
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MLNet.PTuning.Files;

internal static class ElementConversion
{
    /// <summary>Converts <c>destination.Length</c> elements; wider types are rounded, true is 1.</summary>
    public static void ToFloats(ElementType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case ElementType.F32: source.CopyTo(MemoryMarshal.AsBytes(destination)); break;
            case ElementType.F16: FromHalf(MemoryMarshal.Cast<byte, ushort>(source), destination); break;
            case ElementType.BF16: FromBFloat16(MemoryMarshal.Cast<byte, ushort>(source), destination); break;
            case ElementType.F64: FromNumbers<double>(source, destination); break;
            case ElementType.I64: FromNumbers<long>(source, destination); break;
            case ElementType.I32: FromNumbers<int>(source, destination); break;
            case ElementType.I16: FromNumbers<short>(source, destination); break;
            case ElementType.I8: FromNumbers<sbyte>(source, destination); break;
            case ElementType.U8: FromNumbers<byte>(source, destination); break;
            case ElementType.Bool:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = source[i] == 0 ? 0 : 1;
                break;
        }
    }

    private static void FromNumbers<T>(ReadOnlySpan<byte> source, Span<float> destination) where T : unmanaged, INumberBase<T>
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(source);
        for (int i = 0; i < destination.Length; i++)
            destination[i] = float.CreateTruncating(values[i]);
    }

    // bfloat16 is the upper half of a float.
    private static void FromBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int i = 0;
        for (; i <= destination.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Create(source.Slice(i, Vector256<ushort>.Count)));
            (low << 16).AsSingle().CopyTo(destination[i..]);
            (high << 16).AsSingle().CopyTo(destination[(i + Vector256<uint>.Count)..]);
        }
        for (; i < destination.Length; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    private static void FromHalf(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int i = 0;
        for (; i <= destination.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Create(source.Slice(i, Vector256<ushort>.Count)));
            FromHalf(low).CopyTo(destination[i..]);
            FromHalf(high).CopyTo(destination[(i + Vector256<uint>.Count)..]);
        }
        for (; i < destination.Length; i++)
            destination[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
    }

    // Exponent and mantissa move to their bits of a float; the exponent's bias differs by 112. Infinities and NaNs take the
    // bias twice (31 becomes 255). A subnormal has no leading one: it is given one, and the float of that one is subtracted.
    private static Vector256<float> FromHalf(Vector256<uint> half)
    {
        Vector256<uint> bias = Vector256.Create(112u << 23), exponentBits = Vector256.Create(0x1Fu << 23);
        Vector256<uint> magnitude = (half & Vector256.Create(0x7FFFu)) << 13, sign = (half & Vector256.Create(0x8000u)) << 16;
        Vector256<uint> exponent = magnitude & exponentBits;
        Vector256<uint> normal = magnitude + bias;
        Vector256<uint> special = normal + bias;
        Vector256<uint> leadingOne = Vector256.Create(113u << 23);
        Vector256<uint> subnormal = ((magnitude + leadingOne).AsSingle() - leadingOne.AsSingle()).AsUInt32();
        Vector256<uint> result = Vector256.ConditionalSelect(Vector256.Equals(exponent, exponentBits), special,
            Vector256.ConditionalSelect(Vector256.Equals(exponent, Vector256<uint>.Zero), subnormal, normal));
        return (result | sign).AsSingle();
    }
}
