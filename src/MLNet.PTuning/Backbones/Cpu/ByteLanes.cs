// Vectors of 32-bit sums of products of bytes, in 512, 256 and 128 bits: what products of 8-bit activations and weights are made of.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A vector of <see cref="Count"/> 32-bit integers, or of as many groups of four bytes.</summary>
internal unsafe interface IByteLanes<TSelf> where TSelf : struct, IByteLanes<TSelf>
{
    static abstract int Count { get; }

    /// <summary>Four weights of each lane.</summary>
    static abstract TSelf Load(sbyte* weights);

    static abstract TSelf Load(int* sums);

    /// <summary>The same four activations in every lane.</summary>
    static abstract TSelf All(byte* activations);

    /// <summary>Each lane's sum plus its eight products, exactly. Four of them must fit into 16 bits (<see cref="Int8Matrix"/>).</summary>
    static abstract TSelf AddProducts(TSelf sums, TSelf activations, TSelf weights, TSelf nextActivations, TSelf nextWeights);

    void Store(int* to);

    /// <summary>Writes (sums − zero · weightSums) · (rowScale · scales).</summary>
    static abstract void Store(TSelf sums, int zero, int* weightSums, float rowScale, float* scales, float* to);
}

internal readonly unsafe struct Bytes512(Vector512<int> value) : IByteLanes<Bytes512>
{
    private readonly Vector512<int> _value = value;

    public static int Count => Vector512<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes512 Load(sbyte* weights) => new(Vector512.Load((int*)weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes512 Load(int* sums) => new(Vector512.Load(sums));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes512 All(byte* activations) => new(Vector512.Create(*(int*)activations));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 AddProducts(Bytes512 sums, Bytes512 activations, Bytes512 weights, Bytes512 nextActivations, Bytes512 nextWeights)
    {
        // Without AVX-512's instructions for bytes, as two halves.
        if (!Avx512BW.IsSupported)
        {
            var lower = Bytes256.AddProducts(new(sums._value.GetLower()), new(activations._value.GetLower()), new(weights._value.GetLower()), new(nextActivations._value.GetLower()), new(nextWeights._value.GetLower()));
            var upper = Bytes256.AddProducts(new(sums._value.GetUpper()), new(activations._value.GetUpper()), new(weights._value.GetUpper()), new(nextActivations._value.GetUpper()), new(nextWeights._value.GetUpper()));
            return new(Vector512.Create(lower.Value, upper.Value));
        }
        var pairs = Avx512BW.MultiplyAddAdjacent(activations._value.AsByte(), weights._value.AsSByte()) + Avx512BW.MultiplyAddAdjacent(nextActivations._value.AsByte(), nextWeights._value.AsSByte());
        return new(sums._value + Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public void Store(int* to) => _value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Bytes512 sums, int zero, int* weightSums, float rowScale, float* scales, float* to) =>
        (Vector512.ConvertToSingle(sums._value - Vector512.Load(weightSums) * zero) * (Vector512.Load(scales) * rowScale)).Store(to);
}

internal readonly unsafe struct Bytes256(Vector256<int> value) : IByteLanes<Bytes256>
{
    public static int Count => Vector256<int>.Count;

    public Vector256<int> Value { get; } = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes256 Load(sbyte* weights) => new(Vector256.Load((int*)weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes256 Load(int* sums) => new(Vector256.Load(sums));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes256 All(byte* activations) => new(Vector256.Create(*(int*)activations));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 AddProducts(Bytes256 sums, Bytes256 activations, Bytes256 weights, Bytes256 nextActivations, Bytes256 nextWeights)
    {
        Vector256<byte> x = activations.Value.AsByte(), nextX = nextActivations.Value.AsByte();
        Vector256<sbyte> w = weights.Value.AsSByte(), nextW = nextWeights.Value.AsSByte();
        if (AvxVnni.IsSupported) return new(AvxVnni.MultiplyWideningAndAdd(AvxVnni.MultiplyWideningAndAdd(sums.Value, x, w), nextX, nextW));
        if (Avx2.IsSupported) return new(sums.Value + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, w) + Avx2.MultiplyAddAdjacent(nextX, nextW), Vector256<short>.One));
        var lower = Bytes128.AddProducts(new(sums.Value.GetLower()), new(activations.Value.GetLower()), new(weights.Value.GetLower()), new(nextActivations.Value.GetLower()), new(nextWeights.Value.GetLower()));
        var upper = Bytes128.AddProducts(new(sums.Value.GetUpper()), new(activations.Value.GetUpper()), new(weights.Value.GetUpper()), new(nextActivations.Value.GetUpper()), new(nextWeights.Value.GetUpper()));
        return new(Vector256.Create(lower.Value, upper.Value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public void Store(int* to) => Value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Bytes256 sums, int zero, int* weightSums, float rowScale, float* scales, float* to) =>
        (Vector256.ConvertToSingle(sums.Value - Vector256.Load(weightSums) * zero) * (Vector256.Load(scales) * rowScale)).Store(to);
}

/// <summary>For every processor: without instructions for bytes of its own.</summary>
internal readonly unsafe struct Bytes128(Vector128<int> value) : IByteLanes<Bytes128>
{
    public static int Count => Vector128<int>.Count;

    public Vector128<int> Value { get; } = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes128 Load(sbyte* weights) => new(Vector128.Load((int*)weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes128 Load(int* sums) => new(Vector128.Load(sums));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Bytes128 All(byte* activations) => new(Vector128.Create(*(int*)activations));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 AddProducts(Bytes128 sums, Bytes128 activations, Bytes128 weights, Bytes128 nextActivations, Bytes128 nextWeights)
    {
        // The even and the odd bytes of each lane as 16 bits, in which a product fits.
        var sum = (Products(activations.Value.AsInt16(), weights.Value.AsInt16()) + Products(nextActivations.Value.AsInt16(), nextWeights.Value.AsInt16())).AsInt32();
        return new(sums.Value + (sum << 16 >> 16) + (sum >> 16));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<short> Products(Vector128<short> x, Vector128<short> w) => (x & Vector128.Create((short)0xFF)) * (w << 8 >> 8) + (x >>> 8) * (w >> 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public void Store(int* to) => Value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Bytes128 sums, int zero, int* weightSums, float rowScale, float* scales, float* to) =>
        (Vector128.ConvertToSingle(sums.Value - Vector128.Load(weightSums) * zero) * (Vector128.Load(scales) * rowScale)).Store(to);
}
