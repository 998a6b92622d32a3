// ELECTRA's discriminator (Clark et al., 2020): BERT's tensors without a pooler, with embeddings that may be narrower than the hidden
// states. Python's classifier has a dense layer and gelu, so the head's own pooler has.
namespace MLNet.PTuning.Backbones;

internal static class Electra
{
    public static BackboneFamily Family => new("electra.", new ConfigDialect { EmbeddingSize = 128 }, (config, weights) =>
        new PostNormEncoder(config, Bert.EmbeddingsOf(config, weights) with
        {
            Projection = config.EmbeddingSize == config.HiddenSize ? null : weights.Linear("embeddings_project", config.HiddenSize, config.EmbeddingSize),
        }, Bert.Layers(config, weights)) { PoolerActivation = Activation.Of("gelu") });
}
