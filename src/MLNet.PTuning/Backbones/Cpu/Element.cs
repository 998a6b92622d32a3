// Elements of the matrices that products take: floats, or bfloat16 (a float's upper half), in which frozen weights and operands may be kept.
using System.Runtime.CompilerServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

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
    public static float Get(T* from) => IsFloat ? *(float*)from : (float)*(BFloat16*)from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(T* to, float value)
    {
        if (IsFloat) *(float*)to = value;
        else *(BFloat16*)to = (BFloat16)value;
    }
}
