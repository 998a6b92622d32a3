// GPT-2 (Radford et al., 2019) as Hugging Face's GPT2Model computes it: learned positions, norms before the sublayers, weights stored [in, out].
namespace MLNet.PTuning.Backbones;

internal static class Gpt2
{
    private static readonly ConfigDialect Dialect = new()
    {
        Names = new Dictionary<string, string>
        {
            ["hidden_size"] = "n_embd", ["num_hidden_layers"] = "n_layer", ["num_attention_heads"] = "n_head", ["intermediate_size"] = "n_inner", ["max_position_embeddings"] = "n_positions",
            ["layer_norm_eps"] = "layer_norm_epsilon", ["hidden_act"] = "activation_function", ["hidden_dropout_prob"] = "resid_pdrop", ["attention_probs_dropout_prob"] = "attn_pdrop",
        },
        Activation = "gelu_new", Epsilon = 1e-5, TypeVocabSize = 0, IntermediateFactor = 4,
    };

    public static BackboneFamily Family => new("transformer.", Dialect, (config, weights) =>
    {
        foreach (string flag in new[] { "scale_attn_by_inverse_layer_idx", "add_cross_attention" })
            if (config.Fields.Flag(flag, false)) throw new NotSupportedException($"{config.Fields.Source}: {flag} is true, which is not supported.");
        if (!config.Fields.Flag("scale_attn_weights", true)) throw new NotSupportedException($"{config.Fields.Source}: scale_attn_weights is false, which is not supported.");
        long hidden = config.HiddenSize, wide = config.IntermediateSize;
        var activation = Activation.Of(config.HiddenActivation);
        var layers = Enumerable.Range(0, config.LayerCount).Select(l =>
        {
            string at = $"h.{l}.";
            // Query, key and value one beside the other.
            var attention = Layer(at + "attn.c_attn", 3 * hidden, hidden);
            Linear widen = Layer(at + "mlp.c_fc", wide, hidden), narrow = Layer(at + "mlp.c_proj", hidden, wide);
            return new DecoderLayer(weights.Norm(at + "ln_1", hidden, config.LayerNormEpsilon).Apply, attention.Part(0, hidden), attention.Part(hidden, hidden), attention.Part(2 * hidden, hidden),
                Layer(at + "attn.c_proj", hidden, hidden), weights.Norm(at + "ln_2", hidden, config.LayerNormEpsilon).Apply, x => narrow.Apply(activation(widen.Apply(x))));
        });
        return new CausalDecoder(config, new Embeddings(weights.Table("wte.weight", config.VocabSize, hidden), null) { Positions = weights.Table("wpe.weight", config.MaxPositions, hidden) },
            [.. layers], weights.Norm("ln_f", hidden, config.LayerNormEpsilon).Apply)
        {
            EmbeddingDropout = config.Fields.Probability("embd_pdrop", Dialect.Dropout),
        };

        Linear Layer(string name, long outputs, long inputs) => new(weights.Tensor(name + ".weight", inputs, outputs), weights.Tensor(name + ".bias", outputs)) { StartsWithInputs = true };
    });
}
