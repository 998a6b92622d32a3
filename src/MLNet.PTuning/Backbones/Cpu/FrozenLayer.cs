// One layer's frozen weights in the form that the packed layers use: matrices in the precision of the products, all else as floats.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Matrices of floats are copies, each made when it is first used; those of 8-bit integers and the rest are the backbone's own.</summary>
internal sealed unsafe class FrozenLayer<TLanes, T> : IDisposable where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    private readonly List<FrozenMatrix<TLanes, T>> _matrices = [];

    public FrozenLayer(LayerWeights weights)
    {
        QueryKeyValue = Frozen(weights.Query, weights.Key, weights.Value);
        Query = Frozen(weights.Query);
        KeyValue = Frozen(weights.Key, weights.Value);
        AttentionOutput = Frozen(weights.AttentionOutput);
        Intermediate = weights.Gate is { } gate ? Frozen(gate, weights.Intermediate) : Frozen(weights.Intermediate);
        Output = Frozen(weights.Output);
        QueryBias = BiasOf(weights.Query);
        KeyBias = BiasOf(weights.Key);
        ValueBias = BiasOf(weights.Value);
        AttentionOutputBias = BiasOf(weights.AttentionOutput);
        IntermediateBias = BiasOf(weights.Intermediate);
        GateBias = weights.Gate is null ? null : BiasOf(weights.Gate);
        OutputBias = BiasOf(weights.Output);
        (AttentionNorm, OutputNorm) = (NormWeights.Of(weights.AttentionNorm), NormWeights.Of(weights.OutputNorm));
    }

    /// <summary>[heads · d + 2W, H], in this order.</summary>
    public FrozenMatrix<TLanes, T> QueryKeyValue { get; }

    /// <summary>The queries' alone, for the last layer: [heads · d, H].</summary>
    public FrozenMatrix<TLanes, T> Query { get; }

    /// <summary>The others, for the last layer: [2W, H].</summary>
    public FrozenMatrix<TLanes, T> KeyValue { get; }

    public FrozenMatrix<TLanes, T> AttentionOutput { get; }

    /// <summary>[I, H], or [2I, H] where it has the gate above it.</summary>
    public FrozenMatrix<TLanes, T> Intermediate { get; }

    public FrozenMatrix<TLanes, T> Output { get; }

    /// <summary>Null where the layer has none, as all biases of a decoder may be.</summary>
    public float* QueryBias { get; }

    public float* KeyBias { get; }

    public float* ValueBias { get; }

    public float* AttentionOutputBias { get; }

    public float* IntermediateBias { get; }

    public float* GateBias { get; }

    public float* OutputBias { get; }

    public NormWeights AttentionNorm { get; }

    public NormWeights OutputNorm { get; }

    public void Dispose()
    {
        foreach (var matrix in _matrices) matrix.Dispose();
    }

    private FrozenMatrix<TLanes, T> Frozen(params Linear[] parts)
    {
        var matrix = new FrozenMatrix<TLanes, T>(parts);
        _matrices.Add(matrix);
        return matrix;
    }

    private static float* BiasOf(Linear linear) => linear.Bias is null ? null : Buffers.At(linear.Bias) + (linear.Outputs?.First ?? 0);
}
