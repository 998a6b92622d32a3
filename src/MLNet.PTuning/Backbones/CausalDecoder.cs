// The transformer decoder that GPT-2 and the Llama-shaped models share: each layer norms its input first, a word piece attends to those before it and to the prefix,
// key/value heads may be fewer than query heads, and the last layer's output is normed.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>One layer: a norm before attention and one before the feed-forward network, each with a residual sum around.</summary>
/// <param name="AttentionNorm">[.., H] → [.., H].</param>
/// <param name="Query">H → heads · d.</param>
/// <param name="Key">H → W.</param>
/// <param name="Value">H → W.</param>
/// <param name="AttentionOutput">heads · d → H.</param>
/// <param name="FeedForwardNorm">[.., H] → [.., H].</param>
/// <param name="FeedForward">[.., H] → [.., H].</param>
internal sealed record DecoderLayer(Func<torch.Tensor, torch.Tensor> AttentionNorm, Linear Query, Linear Key, Linear Value, Linear AttentionOutput,
    Func<torch.Tensor, torch.Tensor> FeedForwardNorm, Func<torch.Tensor, torch.Tensor> FeedForward);

/// <summary>Families differ in their layers' functions, and in whether positions are embedded or rotate queries and keys.</summary>
/// <param name="config">Its shape.</param>
/// <param name="embeddings">Words and, where the family has them, positions.</param>
/// <param name="layers">The layers.</param>
/// <param name="finalNorm">Of the last layer's output.</param>
internal sealed class CausalDecoder(BackboneConfig config, Embeddings embeddings, IReadOnlyList<DecoderLayer> layers, Func<torch.Tensor, torch.Tensor> finalNorm) : Encoder(config)
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

    public override torch.Tensor Embed(PackedBatch batch, PromptState prompt, Dropout? dropout) => embeddings.Apply(batch, prompt, x => Drop(x, dropout, EmbeddingDropout));

    public override torch.Tensor Layer(int index, torch.Tensor hidden, AttentionLayout layout, PromptState prompt, Dropout? dropout, torch.Tensor? readPositions)
    {
        var w = layers[index];
        var adapters = prompt.Adapters.Count > 0 ? prompt.Adapters[index] : default;
        var normed = w.AttentionNorm(hidden);
        var selected = readPositions is null ? hidden : hidden.index_select(0, readPositions);
        var (keys, values) = KeysAndValues(w, normed, layout, prompt.Length);
        var queries = w.Query.Apply(readPositions is null ? normed : normed.index_select(0, readPositions));
        if (Rotary is not null) queries = Rotary.Rotate(queries, readPositions is null ? layout.Positions : layout.Positions.index_select(0, readPositions), prompt.Length);
        var context = layout.Attend(queries, keys, values, Prefix(), Config.HeadCount, dropout is null ? null : p => Drop(p, dropout, Config.AttentionDropout));
        var attended = Adapt(adapters.AfterAttention, Drop(w.AttentionOutput.Apply(context), dropout, Config.HiddenDropout)).Plus(selected);
        var output = Adapt(adapters.AfterFeedForward, Drop(w.FeedForward(w.FeedForwardNorm(attended)), dropout, Config.HiddenDropout)).Plus(attended);
        return index == layers.Count - 1 ? finalNorm(output) : output;

        static torch.Tensor Adapt(Func<torch.Tensor, torch.Tensor>? adapter, torch.Tensor x) => adapter?.Invoke(x) ?? x;

        (torch.Tensor, torch.Tensor)? Prefix() => prompt.PrefixOf(index, Config.KeyValueWidth) is not var (k, v) ? null
            : dropout is null || prompt.Dropout <= 0 ? (k, v) : (DropPerRow(k), DropPerRow(v));

        // Each row has its own mask, as with encoders.
        torch.Tensor DropPerRow(torch.Tensor x) => dropout!.Apply(x.expand(layout.RowCount, x.shape[0], x.shape[1]), prompt.Dropout);
    }

    public override torch.Tensor KeysAndValues(PackedBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var hidden = Embed(batch, PromptState.None, null);
        var layout = new AttentionLayout(batch.RowStarts, batch.RowStarts, 0, hidden.device, isCausal: true);
        var parts = new List<torch.Tensor>();
        for (int layer = 0; layer < layers.Count; layer++)
        {
            var (keys, values) = KeysAndValues(layers[layer], layers[layer].AttentionNorm(hidden), layout, 0);
            parts.Add(keys);
            parts.Add(values);
            if (layer < layers.Count - 1) hidden = Layer(layer, hidden, layout, PromptState.None, null, null);
        }
        return torch.cat([.. parts], 1).MoveToOuterDisposeScope();
    }

    // A prefix's keys are not rotated: they are trained as they are attended to.
    private (torch.Tensor Keys, torch.Tensor Values) KeysAndValues(DecoderLayer w, torch.Tensor normed, AttentionLayout layout, int first)
    {
        var keys = w.Key.Apply(normed);
        return (Rotary?.Rotate(keys, layout.Positions, first) ?? keys, w.Value.Apply(normed));
    }

    private static torch.Tensor Drop(torch.Tensor values, Dropout? dropout, double configured) => dropout?.Apply(values, dropout.InBackbone(configured)) ?? values;
}
