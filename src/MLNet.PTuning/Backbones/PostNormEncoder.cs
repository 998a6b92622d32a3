// The transformer encoder that all families here share (Vaswani et al., 2017; Devlin et al., 2019): embeddings, then layers of self-attention
// and feed-forward, each followed by a residual sum and a norm, with P-Tuning v2's keys and values before each row's own.
using MLNet.PTuning.Backbones.Cpu;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Families differ in the tensors that they pass, and at most in their attention scores.</summary>
internal class PostNormEncoder(BackboneConfig config, Embeddings embeddings, IReadOnlyList<LayerWeights> layers) : Encoder(config)
{
    private readonly Func<torch.Tensor, torch.Tensor> _activation = Activation.Of(config.HiddenActivation);

    /// <summary>Dropout after the attention's output layer.</summary>
    public double AttentionOutputDropout { get; init; } = config.HiddenDropout;

    /// <summary>Dropout after the feed-forward's output layer.</summary>
    public double OutputDropout { get; init; } = config.HiddenDropout;

    public override EmbeddingTable WordEmbeddings => embeddings.Words;

    public override int MaxRowLength(int promptLength) => Config.MaxPositions - embeddings.FirstPosition - promptLength;

    public override torch.Tensor Embed(PackedBatch batch, PromptState prompt, Dropout? dropout) =>
        embeddings.Apply(batch, prompt, x => Drop(x, dropout, Config.HiddenDropout, Counted.Pieces));

    public override torch.Tensor Layer(int index, torch.Tensor hidden, IAttention layout, PromptState prompt, Dropout? dropout, torch.Tensor? readPositions)
    {
        var w = layers[index];
        var adapters = prompt.Adapters.Count > 0 ? prompt.Adapters[index] : default;
        var queries = QueriesOf(readPositions);
        var selected = readPositions is null ? hidden : hidden.index_select(0, readPositions);
        var context = layout.Attend(w.Query.Apply(selected), w.Key.Apply(hidden), w.Value.Apply(hidden), PrefixOf(index, layout, prompt, dropout), Config.HeadCount,
            DropProbabilities(dropout, queries), RelativeScores(w, index, dropout));
        var attended = w.AttentionNorm.Apply(Adapt(adapters.AfterAttention, Drop(w.AttentionOutput.Apply(context), dropout, AttentionOutputDropout, queries)).Plus(selected));
        var widened = _activation(w.Intermediate.Apply(attended));
        return w.OutputNorm.Apply(Adapt(adapters.AfterFeedForward, Drop(w.Output.Apply(widened), dropout, OutputDropout, queries)).Plus(attended));
    }

    protected override (torch.Tensor Keys, torch.Tensor Values) KeysAndValues(int index, torch.Tensor hidden, AttentionLayout layout) =>
        (layers[index].Key.Apply(hidden), layers[index].Value.Apply(hidden));

    // Scores that are added, and queries, keys and values without biases, are computed under autograd alone.
    public override PackedBackbone? Packed() => HasRelativeScores || layers.Any(layer => layer.Query.Bias is null) ? null : new(Config, embeddings, layers)
    {
        EmbeddingDropout = Config.HiddenDropout,
        AttentionOutputDropout = AttentionOutputDropout,
        OutputDropout = OutputDropout,
    };

    /// <summary>Whether <see cref="RelativeScores"/> gives anything.</summary>
    protected virtual bool HasRelativeScores => false;

    /// <summary>What a layer adds to its scores for the distance between two word pieces; null for nothing.</summary>
    protected virtual RelativeScores? RelativeScores(LayerWeights layer, int index, Dropout? dropout) => null;
}
