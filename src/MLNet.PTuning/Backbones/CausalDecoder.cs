// The transformer decoder that GPT-2 and the Llama-shaped models share: each layer norms its input first, a word piece attends to those before it and to the prefix,
// key/value heads may be fewer than query heads, and the last layer's output is normed.
using MLNet.PTuning.Backbones.Cpu;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>One layer: a norm before attention and one before the feed-forward network, each with a residual sum around.</summary>
/// <param name="Weights">Its tensors.</param>
/// <param name="Activation">Of the feed-forward network.</param>
internal sealed record DecoderLayer(LayerWeights Weights, Func<torch.Tensor, torch.Tensor> Activation)
{
    /// <summary>H → heads · d.</summary>
    public Linear Query => Weights.Query;

    /// <summary>H → W.</summary>
    public Linear Key => Weights.Key;

    /// <summary>H → W.</summary>
    public Linear Value => Weights.Value;

    /// <summary>heads · d → H.</summary>
    public Linear AttentionOutput => Weights.AttentionOutput;

    /// <summary>[.., H] → [.., H].</summary>
    public torch.Tensor AttentionNorm(torch.Tensor x) => Weights.AttentionNorm.Apply(x);

    /// <summary>[.., H] → [.., H].</summary>
    public torch.Tensor FeedForwardNorm(torch.Tensor x) => Weights.OutputNorm.Apply(x);

    /// <summary>[.., H] → [.., H].</summary>
    public torch.Tensor FeedForward(torch.Tensor x)
    {
        var widened = Weights.Intermediate.Apply(x);
        return Weights.Output.Apply(Weights.Gate is { } gate ? Activation(gate.Apply(x)) * widened : Activation(widened));
    }
}

/// <summary>Families differ in their layers' weights, and in whether positions are embedded or rotate queries and keys.</summary>
/// <param name="config">Its shape.</param>
/// <param name="embeddings">Words and, where the family has them, positions.</param>
/// <param name="layers">The layers.</param>
/// <param name="finalNorm">Of the last layer's output.</param>
internal sealed class CausalDecoder(BackboneConfig config, Embeddings embeddings, IReadOnlyList<DecoderLayer> layers, Norm finalNorm) : Encoder(config)
{
    /// <summary>Rotates queries and keys by their positions; null where positions are embedded.</summary>
    public RotaryPositions? Rotary { get; init; }

    /// <summary>Dropout of the first hidden states.</summary>
    public double EmbeddingDropout { get; init; }

    /// <summary>Most word pieces that attention looks back to.</summary>
    public int Window { get; init; } = int.MaxValue;

    public override bool IsCausal => true;

    public override EmbeddingTable WordEmbeddings => embeddings.Words;

    public override int MaxRowLength(int promptLength) => Math.Min(Config.MaxPositions, Window) - promptLength;

    public override torch.Tensor Embed(PackedBatch batch, PromptState prompt, Dropout? dropout) => embeddings.Apply(batch, prompt, x => Drop(x, dropout, EmbeddingDropout, Counted.Pieces));

    public override torch.Tensor Layer(int index, torch.Tensor hidden, IAttention layout, PromptState prompt, Dropout? dropout, torch.Tensor? readPositions)
    {
        var w = layers[index];
        var adapters = prompt.Adapters.Count > 0 ? prompt.Adapters[index] : default;
        var normed = w.AttentionNorm(hidden);
        var selected = readPositions is null ? hidden : hidden.index_select(0, readPositions);
        var turns = Rotary?.Turns(layout.Positions, prompt.Length);
        var queries = Rotated(w.Query.Apply(readPositions is null ? normed : normed.index_select(0, readPositions)), readPositions is null ? turns : turns?.At(readPositions));
        var context = layout.Attend(queries, Rotated(w.Key.Apply(normed), turns), w.Value.Apply(normed), PrefixOf(index, layout, prompt, dropout), Config.HeadCount, DropProbabilities(dropout, QueriesOf(readPositions)));
        var attended = Adapt(adapters.AfterAttention, Drop(w.AttentionOutput.Apply(context), dropout, Config.HiddenDropout, QueriesOf(readPositions))).Plus(selected);
        var output = Adapt(adapters.AfterFeedForward, Drop(w.FeedForward(w.FeedForwardNorm(attended)), dropout, Config.HiddenDropout, QueriesOf(readPositions))).Plus(attended);
        return index == layers.Count - 1 ? finalNorm.Apply(output) : output;
    }

    public override PackedBackbone Packed() => new(Config, embeddings, [.. layers.Select(layer => layer.Weights)])
    {
        EmbeddingDropout = EmbeddingDropout,
        AttentionOutputDropout = Config.HiddenDropout,
        OutputDropout = Config.HiddenDropout,
        FinalNorm = finalNorm,
        IsCausal = true,
        Rotary = Rotary,
    };

    protected override (torch.Tensor Keys, torch.Tensor Values) KeysAndValues(int index, torch.Tensor hidden, AttentionLayout layout)
    {
        var normed = layers[index].AttentionNorm(hidden);
        return (Rotated(layers[index].Key.Apply(normed), Rotary?.Turns(layout.Positions, 0)), layers[index].Value.Apply(normed));
    }

    // A prefix's keys are not rotated: they are trained as they are attended to.
    private static torch.Tensor Rotated(torch.Tensor x, RotaryTurns? turns) => turns?.Rotate(x) ?? x;
}
