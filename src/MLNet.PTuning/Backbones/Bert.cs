// BERT (Devlin et al., 2019), monolingual, Chinese and multilingual, as Hugging Face's BertModel computes it.
namespace MLNet.PTuning.Backbones;

internal static class Bert
{
    public static BackboneFamily Family => new("bert.", new ConfigDialect(), (config, weights) =>
        new PostNormEncoder(config, EmbeddingsOf(config, weights), Layers(config, weights)) { Pooler = PoolerOf(config, weights) })
    {
        MaskedWords = new("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias", "cls.predictions.decoder.weight"),
    };

    /// <summary>The embeddings of BERT and of those that took its names.</summary>
    public static Embeddings EmbeddingsOf(BackboneConfig config, EncoderWeights weights)
    {
        config.RequireAbsolutePositions();
        long size = config.EmbeddingSize;
        return new Embeddings(weights.Table("embeddings.word_embeddings.weight", config.VocabSize, size), weights.Norm("embeddings.LayerNorm", size, config.LayerNormEpsilon))
        {
            Positions = weights.Table("embeddings.position_embeddings.weight", config.MaxPositions, size),
            Types = config.TypeVocabSize > 0 ? weights.Table("embeddings.token_type_embeddings.weight", config.TypeVocabSize, size) : null,
        };
    }

    /// <summary>The layers of BERT and of those that took its names; <paramref name="projection"/> is what a family adds to the names of query, key and value.</summary>
    public static LayerWeights[] Layers(BackboneConfig config, EncoderWeights weights, string projection = "")
    {
        long hidden = config.HiddenSize, wide = config.IntermediateSize;
        var layers = new List<LayerWeights>();
        for (int l = 0; l < config.LayerCount; l++)
        {
            string layer = $"encoder.layer.{l}.";
            layers.Add(new LayerWeights(
                weights.LayerLinear(layer + "attention.self.query" + projection, hidden, hidden),
                weights.LayerLinear(layer + "attention.self.key" + projection, hidden, hidden),
                weights.LayerLinear(layer + "attention.self.value" + projection, hidden, hidden),
                weights.LayerLinear(layer + "attention.output.dense", hidden, hidden),
                weights.Norm(layer + "attention.output.LayerNorm", hidden, config.LayerNormEpsilon),
                weights.LayerLinear(layer + "intermediate.dense", wide, hidden),
                weights.LayerLinear(layer + "output.dense", hidden, wide),
                weights.Norm(layer + "output.LayerNorm", hidden, config.LayerNormEpsilon)));
        }
        return [.. layers];
    }

    /// <summary>The pooler, where the checkpoint has it.</summary>
    public static Linear? PoolerOf(BackboneConfig config, EncoderWeights weights) => weights.OptionalLinear("pooler.dense", config.HiddenSize, config.HiddenSize);
}
