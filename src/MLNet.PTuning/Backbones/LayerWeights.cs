// The tensors of one transformer layer, and the two operations that they belong to.
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Backbones;

/// <summary>x Wᵀ + b.</summary>
/// <param name="Weight">[out, in] floats; the panels of <see cref="Int8"/> where the weight is 8-bit integers.</param>
/// <param name="Bias">[out]; null for none.</param>
internal sealed record Linear(torch.Tensor Weight, torch.Tensor? Bias)
{
    public Linear(Int8Matrix weight, torch.Tensor? bias) : this(weight.Tensors[0], bias) => Int8 = weight;

    /// <summary>The weight as 8-bit integers; null for floats.</summary>
    public Int8Matrix? Int8 { get; }

    /// <summary>Whether the weight is [in, out], as GPT-2's checkpoints have it.</summary>
    public bool StartsWithInputs { get; init; }

    /// <summary>The outputs that it computes, of more that a weight of floats and the bias have; null for all.</summary>
    public (long First, long Count)? Outputs { get; init; }

    /// <summary>A layer of some of the outputs, with the same tensors.</summary>
    public Linear Part(long first, long count) => this with { Outputs = (first, count) };

    /// <summary>The weight of the outputs that it computes, as floats: [out, in].</summary>
    public torch.Tensor Matrix()
    {
        if (Int8 is not null) return Int8.ToFloats();
        var weight = StartsWithInputs ? Weight.t() : Weight;
        return Outputs is var (first, count) ? weight.narrow(0, first, count) : weight;
    }

    /// <summary>[.., in] → [.., out]; <paramref name="x"/> is not rounded, also where the weight is.</summary>
    public torch.Tensor Apply(torch.Tensor x) => functional.linear(x, Matrix(), Outputs is var (first, count) ? Bias?.narrow(0, first, count) : Bias);
}

/// <summary>Layer normalization (Ba et al., 2016), or by the root mean square alone (Zhang and Sennrich, 2019).</summary>
/// <param name="Weight">[size].</param>
/// <param name="Bias">[size]; null for a norm by the root mean square, which neither centers nor shifts.</param>
/// <param name="Size">Of the vectors.</param>
/// <param name="Epsilon">Added to the variance, or to the mean square.</param>
internal sealed record Norm(torch.Tensor Weight, torch.Tensor? Bias, long Size, double Epsilon)
{
    /// <summary>[.., size] → [.., size].</summary>
    public torch.Tensor Apply(torch.Tensor x) => Bias is null ? Weight * (x * (x * x).mean([-1], keepdim: true).Plus(Epsilon).rsqrt()) : functional.layer_norm(x, [Size], Weight, Bias, Epsilon);

    /// <summary>Whether its tensors are not trained.</summary>
    public bool IsFrozen => !Weight.requires_grad && Bias?.requires_grad != true;
}

/// <summary>One layer of self-attention and feed-forward. A norm follows each of the two in encoders, and comes before it in decoders.</summary>
internal sealed record LayerWeights(Linear Query, Linear Key, Linear Value, Linear AttentionOutput, Norm AttentionNorm,
    Linear Intermediate, Linear Output, Norm OutputNorm)
{
    /// <summary>The linear layer whose activated outputs multiply those of <see cref="Intermediate"/>; null where these are activated themselves.</summary>
    public Linear? Gate { get; init; }

    /// <summary>Whether none of them is trained.</summary>
    public bool IsFrozen => !new[] { Query, Key, Value, AttentionOutput, Intermediate, Gate, Output }.Any(l => l?.Weight.requires_grad == true || l?.Bias?.requires_grad == true)
        && AttentionNorm.IsFrozen && OutputNorm.IsFrozen;
}
