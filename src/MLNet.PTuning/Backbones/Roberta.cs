// RoBERTa (Liu et al., 2019) and what shares its code: DistilRoBERTa, CamemBERT, XLM-RoBERTa. Tensors as BERT's; positions begin after the padding's.
namespace MLNet.PTuning.Backbones;

internal static class Roberta
{
    public static BackboneFamily Family => new("roberta.", new ConfigDialect { PadTokenId = 1 }, (config, weights) =>
        new PostNormEncoder(config, Bert.EmbeddingsOf(config, weights) with { FirstPosition = config.PadTokenId + 1 }, Bert.Layers(config, weights))
        {
            Pooler = Bert.PoolerOf(config, weights),
        })
    {
        MaskedWords = new("lm_head.dense", "lm_head.layer_norm", "lm_head.bias", "lm_head.decoder.weight"),
    };
}
