// A float's upper half, the form in which frozen weights and the operands of their products may be kept.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>8 bits of exponent, 7 of fraction. The vectors of <see cref="ILanes{TSelf}"/> convert it.</summary>
internal readonly struct BFloat16
{
    private readonly ushort _bits;

    private BFloat16(ushort bits) => _bits = bits;

    /// <summary>Rounds to the nearest, ties to even.</summary>
    public static explicit operator BFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return new((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value._bits << 16);
}

/// <summary>Reads and writes matrices of <c>T</c>, which is <see cref="float"/> or <see cref="BFloat16"/>, as floats.</summary>
internal static unsafe class Element<T> where T : unmanaged
{
    public static bool IsFloat => typeof(T) == typeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(T* from) where TLanes : struct, ILanes<TLanes> => IsFloat ? TLanes.Load((float*)from) : TLanes.Load((BFloat16*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes>(TLanes value, T* to) where TLanes : struct, ILanes<TLanes>
    {
        if (IsFloat) value.Store((float*)to);
        else value.Store((BFloat16*)to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Get(T* from) => IsFloat ? *(float*)from : *(BFloat16*)from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(T* to, float value)
    {
        if (IsFloat) *(float*)to = value;
        else *(BFloat16*)to = (BFloat16)value;
    }
}
