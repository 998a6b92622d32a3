// One layer's frozen weights as the packed layers want them: matrices in the precision of the products, all else as floats.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Matrices of another precision, and the joined one of queries, keys and values, are copies; the rest is the backbone's own.</summary>
internal sealed unsafe class FrozenLayer<T> : IDisposable where T : unmanaged
{
    private readonly List<torch.Tensor> _owned = [];

    public FrozenLayer(LayerWeights weights)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        QueryKeyValue = Frozen(Keep(torch.cat([weights.Query.Weight, weights.Key.Weight, weights.Value.Weight], 0)));
        long hidden = weights.Query.Weight.shape[0];
        Query = Part(0, hidden);
        KeyValue = Part(hidden, 2 * hidden);
        AttentionOutput = Frozen(weights.AttentionOutput.Weight);
        Intermediate = Frozen(weights.Intermediate.Weight);
        Output = Frozen(weights.Output.Weight);
        QueryBias = BiasOf(weights.Query);
        KeyBias = BiasOf(weights.Key);
        ValueBias = BiasOf(weights.Value);
        AttentionOutputBias = BiasOf(weights.AttentionOutput);
        IntermediateBias = BiasOf(weights.Intermediate);
        OutputBias = BiasOf(weights.Output);
        (AttentionNorm, OutputNorm) = (NormOf(weights.AttentionNorm), NormOf(weights.OutputNorm));
    }

    /// <summary>[3H, H], in this order.</summary>
    public FrozenMatrix QueryKeyValue { get; }

    /// <summary>Its first part: [H, H].</summary>
    public FrozenMatrix Query { get; }

    /// <summary>The rest of it: [2H, H].</summary>
    public FrozenMatrix KeyValue { get; }

    public FrozenMatrix AttentionOutput { get; }

    public FrozenMatrix Intermediate { get; }

    public FrozenMatrix Output { get; }

    public float* QueryBias { get; }

    public float* KeyBias { get; }

    public float* ValueBias { get; }

    public float* AttentionOutputBias { get; }

    public float* IntermediateBias { get; }

    public float* OutputBias { get; }

    public NormWeights AttentionNorm { get; }

    public NormWeights OutputNorm { get; }

    public void Dispose()
    {
        foreach (var tensor in _owned) tensor.Dispose();
    }

    private FrozenMatrix Frozen(torch.Tensor weight)
    {
        if (!Element<T>.IsFloat) weight = Keep(weight.to_type(torch.ScalarType.BFloat16));
        return new FrozenMatrix(weight, Keep(weight.t()));
    }

    private FrozenMatrix Part(long from, long count)
    {
        var part = Keep(QueryKeyValue.Weight.narrow(0, from, count));
        return new FrozenMatrix(part, Keep(part.t()));
    }

    private torch.Tensor Keep(torch.Tensor tensor)
    {
        _owned.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    private static float* BiasOf(Linear linear) => Buffers.At(linear.Bias!);

    private static NormWeights NormOf(Norm norm) => new(Buffers.At(norm.Weight), Buffers.At(norm.Bias), (int)norm.Size, (float)norm.Epsilon);
}

/// <summary>
/// A weight W [out, in] and its transpose. Products overwrite and never add: libtorch 1.13's bfloat16 products that add to their result corrupt memory when two
/// threads make them at once.
/// </summary>
internal readonly record struct FrozenMatrix(torch.Tensor Weight, torch.Tensor Transpose)
{
    /// <summary>result = x Wᵀ: [rows, in] → [rows, out].</summary>
    public void Apply<T>(Matrix<T> x, Matrix<T> result) where T : unmanaged => result.Tensor.addmm_(x.Tensor, Transpose, beta: 0);

    /// <summary>result = g W: [rows, out] → [rows, in].</summary>
    public void ApplyBackward<T>(Matrix<T> gradient, Matrix<T> result) where T : unmanaged => result.Tensor.addmm_(gradient.Tensor, Weight, beta: 0);
}
