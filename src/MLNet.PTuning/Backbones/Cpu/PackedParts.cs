// What the parts of a batch have in common: a backbone's weights in the form that the packed layers use.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Made once for a backbone and precision.</summary>
internal sealed class PackedParts<TLanes, T> : IDisposable where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    // Floats of the first layer that are kept: 256 MiB.
    private const long MostKept = 1 << 26;

    public PackedParts(PackedBackbone backbone)
    {
        // Layers that share their weights share them here too.
        var frozen = new Dictionary<LayerWeights, FrozenLayer<TLanes, T>>(ReferenceEqualityComparer.Instance);
        foreach (var layer in backbone.Layers)
            if (!frozen.ContainsKey(layer)) frozen[layer] = new FrozenLayer<TLanes, T>(layer);
        Layers = [.. backbone.Layers.Select(layer => frozen[layer])];
        Embeddings = backbone.Embeds ? new FrozenEmbeddings<TLanes>(backbone.Embeddings) : null;
        FinalNorm = backbone.FinalNorm is null ? default : NormWeights.Of(backbone.FinalNorm);
        Function = FeedForwardFunction<TLanes, T>.Of(backbone)!;
        Rotary = backbone.Rotary is null ? null : new RotaryTable(backbone.Rotary);
        Kept = HasOwnProducts && Layers.Count > 1 ? new KeptProjections(backbone.ProjectionWidth, (int)(MostKept / backbone.ProjectionWidth)) : null;
    }

    public IReadOnlyList<FrozenLayer<TLanes, T>> Layers { get; }

    /// <summary>Null where hidden states before the first layer are given.</summary>
    public FrozenEmbeddings<TLanes>? Embeddings { get; }

    /// <summary>Of the last layer's output, where norms come before attention and feed-forward.</summary>
    public NormWeights FinalNorm { get; }

    public FeedForwardFunction<TLanes, T> Function { get; }

    public RotaryTable? Rotary { get; }

    /// <summary>Projections of the first layer; null where none may be kept.</summary>
    public KeptProjections? Kept { get; }

    /// <summary>Whether products are this library's own.</summary>
    public bool HasOwnProducts => Layers[0].QueryKeyValue.HasOwnProduct;

    public void Dispose()
    {
        Kept?.Dispose();
        Embeddings?.Dispose();
        Rotary?.Dispose();
        foreach (var layer in Layers.Distinct()) layer.Dispose();
    }
}
