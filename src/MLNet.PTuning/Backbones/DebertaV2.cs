// DeBERTa v2 and v3 (He et al., 2021, 2023): scores of attention take the distance between word pieces into account, in its own vectors.
// A prefix is at no distance: it has scores of content alone, as in the code of P-Tuning v2's authors.
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
        return new Embeddings(weights.Tensor("embeddings.word_embeddings.weight", config.VocabSize, size), weights.Norm("embeddings.LayerNorm", config.HiddenSize, config.LayerNormEpsilon))
        {
            Positions = config.Fields.Truth("position_biased_input", true) ? weights.Tensor("embeddings.position_embeddings.weight", config.MaxPositions, size) : null,
            Types = config.TypeVocabSize > 0 ? weights.Tensor("embeddings.token_type_embeddings.weight", config.TypeVocabSize, size) : null,
            Projection = size == config.HiddenSize ? null : new Linear(weights.Tensor("embeddings.embed_proj.weight", config.HiddenSize, size), null),
            ProjectsFirst = true,
        };
    }

    private static LayerWeights[] Layers(BackboneConfig config, EncoderWeights weights)
    {
        long hidden = config.HiddenSize, wide = config.IntermediateSize;
        if (config.Fields.Count("attention_head_size", config.HeadSize) != config.HeadSize)
            throw new NotSupportedException("A DeBERTa whose attention_head_size is not hidden_size / num_attention_heads is not supported.");
        var layers = new List<LayerWeights>();
        for (int l = 0; l < config.LayerCount; l++)
        {
            string layer = $"encoder.layer.{l}.";
            layers.Add(new LayerWeights(
                weights.Linear(layer + "attention.self.query_proj", hidden, hidden),
                weights.Linear(layer + "attention.self.key_proj", hidden, hidden),
                weights.Linear(layer + "attention.self.value_proj", hidden, hidden),
                weights.Linear(layer + "attention.output.dense", hidden, hidden),
                weights.Norm(layer + "attention.output.LayerNorm", hidden, config.LayerNormEpsilon),
                weights.Linear(layer + "intermediate.dense", wide, hidden),
                weights.Linear(layer + "output.dense", hidden, wide),
                weights.Norm(layer + "output.LayerNorm", hidden, config.LayerNormEpsilon)));
        }
        return [.. layers];
    }
}
