// DistilBERT (Sanh et al., 2019): BERT's layers under other names, without segments and without a pooler.
// Python's classifier has a dense layer and ReLU, so the head's own pooler has.
namespace MLNet.PTuning.Backbones;

internal static class DistilBert
{
    private static readonly ConfigDialect Dialect = new()
    {
        Names = new Dictionary<string, string>
        {
            ["hidden_size"] = "dim",
            ["num_hidden_layers"] = "n_layers",
            ["num_attention_heads"] = "n_heads",
            ["intermediate_size"] = "hidden_dim",
            ["hidden_act"] = "activation",
            ["hidden_dropout_prob"] = "dropout",
            ["attention_probs_dropout_prob"] = "attention_dropout",
        },
    };

    public static BackboneFamily Family => new("distilbert.", Dialect, (config, weights) =>
        new PostNormEncoder(config, EmbeddingsOf(config, weights), Layers(config, weights))
        {
            AttentionOutputDropout = 0,
            PoolerActivation = Activation.Of("relu"),
        })
    {
        MaskedWords = new("vocab_transform", "vocab_layer_norm", "vocab_projector.bias", "vocab_projector.weight"),
    };

    private static Embeddings EmbeddingsOf(BackboneConfig config, EncoderWeights weights) => new(
        weights.Table("embeddings.word_embeddings.weight", config.VocabSize, config.HiddenSize), weights.Norm("embeddings.LayerNorm", config.HiddenSize, config.LayerNormEpsilon))
    {
        Positions = weights.Table("embeddings.position_embeddings.weight", config.MaxPositions, config.HiddenSize),
    };

    private static LayerWeights[] Layers(BackboneConfig config, EncoderWeights weights)
    {
        long hidden = config.HiddenSize, wide = config.IntermediateSize;
        var layers = new List<LayerWeights>();
        for (int l = 0; l < config.LayerCount; l++)
        {
            string layer = $"transformer.layer.{l}.";
            layers.Add(new LayerWeights(
                weights.LayerLinear(layer + "attention.q_lin", hidden, hidden),
                weights.LayerLinear(layer + "attention.k_lin", hidden, hidden),
                weights.LayerLinear(layer + "attention.v_lin", hidden, hidden),
                weights.LayerLinear(layer + "attention.out_lin", hidden, hidden),
                weights.Norm(layer + "sa_layer_norm", hidden, config.LayerNormEpsilon),
                weights.LayerLinear(layer + "ffn.lin1", wide, hidden),
                weights.LayerLinear(layer + "ffn.lin2", hidden, wide),
                weights.Norm(layer + "output_layer_norm", hidden, config.LayerNormEpsilon)));
        }
        return [.. layers];
    }
}
