// What the packed layers compute of a backbone, and in which order.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A backbone's tensors and the form of its layers: those of an encoder, unless something else is said.</summary>
/// <param name="Config">Its shape.</param>
/// <param name="Embeddings">What comes before its layers.</param>
/// <param name="Layers">Their weights; layers that share theirs are the same object.</param>
internal sealed record PackedBackbone(BackboneConfig Config, Embeddings Embeddings, IReadOnlyList<LayerWeights> Layers)
{
    /// <summary>Probability of dropping elements of the hidden states before the first layer.</summary>
    public double EmbeddingDropout { get; init; }

    /// <summary>Probability after the attention's output layer.</summary>
    public double AttentionOutputDropout { get; init; }

    /// <summary>Probability after the feed-forward's output layer.</summary>
    public double OutputDropout { get; init; }

    /// <summary>The norm of the last layer's output where norms come before attention and feed-forward; null where they follow them.</summary>
    public Norm? FinalNorm { get; init; }

    /// <summary>Whether a word piece attends to the prompt and to those before it alone.</summary>
    public bool IsCausal { get; init; }

    /// <summary>Rotates queries and keys by their positions; null for nothing.</summary>
    public RotaryPositions? Rotary { get; init; }

    /// <summary>Width of the queries of all heads: heads · d.</summary>
    public int QueryWidth => Config.HeadCount * Config.HeadSize;

    /// <summary>W, the width of keys and of values.</summary>
    public int KeyWidth => Config.KeyValueWidth;

    /// <summary>Columns of queries, keys and values side by side.</summary>
    public int ProjectionWidth => QueryWidth + 2 * KeyWidth;

    /// <summary>Whether hidden states before the first layer are computed here too: those of a family that does not project its embeddings.</summary>
    public bool Embeds => Embeddings.Projection is null;

    /// <summary>Whether it is of the kind that is computed here: on the CPU, frozen, with an activation that is known here, and of sizes that are whole vectors.</summary>
    public bool IsComputed => FeedForwardFunction<Lanes128, float>.Of(this) is not null && Fits<Lanes128>() && Layers.All(layer => layer.IsFrozen && (layer.Gate is not null || layer.Intermediate.Bias is not null))
        && (FinalNorm?.IsFrozen ?? true) && Layers[0].Query.Weight.device.type == DeviceType.CPU;

    /// <summary>Whether its sizes are whole vectors.</summary>
    public bool Fits<TLanes>() where TLanes : struct, ILanes<TLanes> => new[] { Config.HiddenSize, Config.IntermediateSize, QueryWidth, KeyWidth }.All(size => size % TLanes.Count == 0);
}
