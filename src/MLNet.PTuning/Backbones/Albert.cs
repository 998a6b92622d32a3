// ALBERT (Lan et al., 2020): narrow embeddings that are projected, and layers that share one set of tensors (or a few, in groups).
namespace MLNet.PTuning.Backbones;

internal static class Albert
{
    private static readonly ConfigDialect Dialect = new() { Activation = "gelu_new", Dropout = 0, EmbeddingSize = 128 };

    public static BackboneFamily Family => new("albert.", Dialect, (config, weights) =>
        new PostNormEncoder(config, Bert.EmbeddingsOf(config, weights) with
        {
            Projection = weights.Linear("encoder.embedding_hidden_mapping_in", config.HiddenSize, config.EmbeddingSize),
        }, Layers(config, weights))
        {
            Pooler = weights.OptionalLinear("pooler", config.HiddenSize, config.HiddenSize),
            OutputDropout = 0,
        })
    {
        MaskedWords = new("predictions.dense", "predictions.LayerNorm", "predictions.bias", "predictions.decoder.weight"),
    };

    private static LayerWeights[] Layers(BackboneConfig config, EncoderWeights weights)
    {
        int groups = config.Fields.Count("num_hidden_groups", 1), inner = config.Fields.Count("inner_group_num", 1);
        if (inner != 1) throw new NotSupportedException($"An ALBERT of inner_group_num {inner} is not supported; all published models have 1.");
        if (groups > config.LayerCount)
            throw new InvalidDataException($"config.json says num_hidden_groups {groups}, more than its {config.LayerCount} layers; take it again from where the model was published.");
        LayerWeights[] shared = [.. Enumerable.Range(0, groups).Select(g => Group($"encoder.albert_layer_groups.{g}.albert_layers.0.", config, weights))];
        return [.. Enumerable.Range(0, config.LayerCount).Select(l => shared[(long)l * groups / config.LayerCount])];
    }

    private static LayerWeights Group(string name, BackboneConfig config, EncoderWeights weights)
    {
        long hidden = config.HiddenSize, wide = config.IntermediateSize;
        return new LayerWeights(
            weights.LayerLinear(name + "attention.query", hidden, hidden),
            weights.LayerLinear(name + "attention.key", hidden, hidden),
            weights.LayerLinear(name + "attention.value", hidden, hidden),
            weights.LayerLinear(name + "attention.dense", hidden, hidden),
            weights.Norm(name + "attention.LayerNorm", hidden, config.LayerNormEpsilon),
            weights.LayerLinear(name + "ffn", wide, hidden),
            weights.LayerLinear(name + "ffn_output", hidden, wide),
            weights.Norm(name + "full_layer_layer_norm", hidden, config.LayerNormEpsilon));
    }
}
