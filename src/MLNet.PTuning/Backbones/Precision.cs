// How and on how many threads a model computes.
namespace MLNet.PTuning;

/// <summary>The numbers that a frozen backbone's weights and matrix products are computed in. What is trained, norms and softmax are 32-bit floats in any case.</summary>
public enum Precision
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>
    /// bfloat16: 8 bits of fraction instead of 24, several times faster on processors that multiply it (AVX512-BF16, AMX), slower on others.
    /// On the CPU, for methods that train vectors or a head; elsewhere 32-bit floats are taken.
    /// </summary>
    BFloat16,

    /// <summary>
    /// <see cref="BFloat16"/> where the processor multiplies it and the backbone's states on the first batch differ from those of 32-bit floats by less than 2 %
    /// (root mean square); else <see cref="Float32"/>.
    /// </summary>
    Auto,

    /// <summary>
    /// 8-bit integers: a scale for each output of a linear layer and for each row of the embeddings, and activations rounded to 8 bits row by row, in training as in
    /// prediction. The backbone takes a quarter of the memory of <see cref="Float32"/>, and predicts about twice as fast where the processor has vectors for bytes
    /// (AVX2 or more). On the CPU, for methods that train vectors or a head, and for encoders and decoders with a GELU or SiLU and no relative positions; others are refused.
    /// </summary>
    Int8,
}

/// <summary>How a model computes: it changes results by rounding alone.</summary>
/// <param name="Precision">Of frozen weights and products.</param>
/// <param name="Threads">Null for all that the process has.</param>
internal readonly record struct Computation(Precision Precision, int? Threads);
