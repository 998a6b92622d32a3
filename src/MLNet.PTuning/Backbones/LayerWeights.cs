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

    /// <summary>The outputs that it computes, of more that the weight has; null for all.</summary>
    public (long First, long Count)? Outputs { get; init; }

    /// <summary>A layer of some of the outputs, with the same tensors.</summary>
    public Linear Part(long first, long count) => this with { Outputs = (first, count) };

    /// <summary>[.., in] → [.., out]; <paramref name="x"/> is not rounded, also where the weight is.</summary>
    public torch.Tensor Apply(torch.Tensor x)
    {
        var (weight, bias) = (Int8?.ToFloats() ?? Weight, Bias);
        if (StartsWithInputs) weight = weight.t();
        if (Outputs is var (first, count)) (weight, bias) = (weight.narrow(0, first, count), bias?.narrow(0, first, count));
        return functional.linear(x, weight, bias);
    }
}

/// <summary>Layer normalization (Ba et al., 2016).</summary>
internal sealed record Norm(torch.Tensor Weight, torch.Tensor Bias, long Size, double Epsilon)
{
    public torch.Tensor Apply(torch.Tensor x) => functional.layer_norm(x, [Size], Weight, Bias, Epsilon);
}

/// <summary>One layer of post-norm self-attention and feed-forward.</summary>
internal sealed record LayerWeights(Linear Query, Linear Key, Linear Value, Linear AttentionOutput, Norm AttentionNorm,
    Linear Intermediate, Linear Output, Norm OutputNorm)
{
    /// <summary>Whether none of them is trained.</summary>
    public bool IsFrozen => !new[] { Query, Key, Value, AttentionOutput, Intermediate, Output }.Any(l => l.Weight.requires_grad || l.Bias?.requires_grad == true)
        && !new[] { AttentionNorm, OutputNorm }.Any(n => n.Weight.requires_grad || n.Bias.requires_grad);
}
