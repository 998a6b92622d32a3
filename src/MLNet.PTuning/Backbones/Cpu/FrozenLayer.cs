// One layer's frozen weights as the packed layers want them: matrices in the precision of the products, all else as floats.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Matrices of another precision, and the joined one of keys and values, are copies; the rest is the backbone's own.</summary>
internal sealed unsafe class FrozenLayer<T> : IDisposable where T : unmanaged
{
    private readonly List<torch.Tensor> _owned = [];

    public FrozenLayer(LayerWeights weights)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        Query = Frozen(weights.Query.Weight);
        KeyValue = Frozen(Keep(torch.cat([weights.Key.Weight, weights.Value.Weight], 0)));
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

    public FrozenMatrix Query { get; }

    /// <summary>[2H, H], keys first.</summary>
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

    private torch.Tensor Keep(torch.Tensor tensor)
    {
        _owned.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    private static float* BiasOf(Linear linear) => Buffers.At(linear.Bias!);

    private static NormWeights NormOf(Norm norm) => new(Buffers.At(norm.Weight), Buffers.At(norm.Bias), (int)norm.Size, (float)norm.Epsilon);
}

/// <summary>A weight W [out, in] and its transpose.</summary>
internal readonly record struct FrozenMatrix(torch.Tensor Weight, torch.Tensor Transpose)
{
    /// <summary>result = x Wᵀ: [rows, in] → [rows, out].</summary>
    public void Apply<T>(Matrix<T> x, Matrix<T> result) where T : unmanaged => result.Tensor.addmm_(x.Tensor, Transpose, beta: 0);

    /// <summary>result = g W, or added to it: [rows, out] → [rows, in].</summary>
    public void ApplyBackward<T>(Matrix<T> gradient, Matrix<T> result, bool add = false) where T : unmanaged => result.Tensor.addmm_(gradient.Tensor, Weight, beta: add ? 1 : 0);
}
