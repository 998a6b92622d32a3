// DeBERTa v2 and v3 (He et al., 2021, 2023): scores of attention take the distance between word pieces into account, in its own vectors.
// A prefix has no distances: its scores are of content alone, as in the code of P-Tuning v2's authors.
namespace MLNet.PTuning.Backbones;

internal static class DebertaV2
{
    private static readonly ConfigDialect Dialect = new() { Epsilon = 1e-7, TypeVocabSize = 0 };

    public static BackboneFamily Family => new("deberta.", Dialect, (config, weights) =>
        new DisentangledEncoder(config, EmbeddingsOf(config, weights), Layers(config, weights), DistanceWeights.Of(config, weights), DebertaConvolution.Of(config, weights))
        {
            Pooler = Bert.PoolerOf(config, weights),
            PoolerActivation = Activation.Of(config.Fields.Text("pooler_hidden_act", "gelu")),
        });

    private static Embeddings EmbeddingsOf(BackboneConfig config, EncoderWeights weights)
    {
        long size = config.EmbeddingSize;
        return new Embeddings(weights.Table("embeddings.word_embeddings.weight", config.VocabSize, size), weights.Norm("embeddings.LayerNorm", config.HiddenSize, config.LayerNormEpsilon))
        {
            Positions = config.Fields.Flag("position_biased_input", true) ? weights.Table("embeddings.position_embeddings.weight", config.MaxPositions, size) : null,
            Types = config.TypeVocabSize > 0 ? weights.Table("embeddings.token_type_embeddings.weight", config.TypeVocabSize, size) : null,
            Projection = size == config.HiddenSize ? null : new Linear(weights.Tensor("embeddings.embed_proj.weight", config.HiddenSize, size), null),
            ProjectsFirst = true,
        };
    }

    private static LayerWeights[] Layers(BackboneConfig config, EncoderWeights weights)
    {
        if (config.Fields.Count("attention_head_size", config.HeadSize) != config.HeadSize)
            throw new NotSupportedException("A DeBERTa whose attention_head_size is not hidden_size / num_attention_heads is not supported.");
        return Bert.Layers(config, weights, projection: "_proj");
    }
}
