// Llama (Touvron et al., 2023) and models of its shape: Mistral, Qwen2, SmolLM. RMS norms, rotary positions, SwiGLU, grouped key/value heads.
namespace MLNet.PTuning.Backbones;

internal static class Llama
{
    private static readonly ConfigDialect Dialect = new()
    {
        Names = new Dictionary<string, string> { ["layer_norm_eps"] = "rms_norm_eps", ["attention_probs_dropout_prob"] = "attention_dropout", ["hidden_dropout_prob"] = "hidden_dropout" },
        Activation = "silu", Epsilon = 1e-6, Dropout = 0, TypeVocabSize = 0,
    };

    public static BackboneFamily Family => new("model.", Dialect, (config, weights) => Create(config, weights, config.Fields.Flag("attention_bias", false), config.Fields.Flag("attention_bias", false)));

    /// <summary>Llama's computation with biases of query, key and value.</summary>
    public static BackboneFamily Qwen2 => new("model.", Dialect, (config, weights) => Create(config, weights, projectionBias: true, outputBias: false));

    private static CausalDecoder Create(BackboneConfig config, EncoderWeights weights, bool projectionBias, bool outputBias)
    {
        RequireRotation(config);
        int heads = config.HeadCount * config.HeadSize;
        long hidden = config.HiddenSize, wide = config.IntermediateSize, keys = config.KeyValueWidth;
        bool wideBias = config.Fields.Flag("mlp_bias", false);
        var activation = Activation.Of(config.HiddenActivation);
        var layers = Enumerable.Range(0, config.LayerCount).Select(l =>
        {
            string at = $"layers.{l}.";
            return new DecoderLayer(new LayerWeights(
                weights.LayerLinear(at + "self_attn.q_proj", heads, hidden, projectionBias), weights.LayerLinear(at + "self_attn.k_proj", keys, hidden, projectionBias), weights.LayerLinear(at + "self_attn.v_proj", keys, hidden, projectionBias),
                weights.LayerLinear(at + "self_attn.o_proj", hidden, heads, outputBias), RmsNorm(at + "input_layernorm"),
                weights.LayerLinear(at + "mlp.up_proj", wide, hidden, wideBias), weights.LayerLinear(at + "mlp.down_proj", hidden, wide, wideBias), RmsNorm(at + "post_attention_layernorm"))
            {
                Gate = weights.LayerLinear(at + "mlp.gate_proj", wide, hidden, wideBias),
            }, activation);
        });
        return new CausalDecoder(config, new Embeddings(weights.Table("embed_tokens.weight", config.VocabSize, hidden), null), [.. layers], RmsNorm("norm"))
        {
            Rotary = new RotaryPositions(config.HeadSize, Theta(config)),
            Window = config.ModelType == "mistral" || config.Fields.Flag("use_sliding_window", false) ? config.Fields.Count("sliding_window", config.MaxPositions) : int.MaxValue,
        };

        Norm RmsNorm(string name) => new(weights.Tensor(name + ".weight", hidden), null, hidden, config.LayerNormEpsilon);
    }

    // Since version 5 of the transformers library the base of the angles is a field of rope_parameters.
    private static double Theta(BackboneConfig config) => config.Fields.Part("rope_parameters")?.Number("rope_theta", 10000) ?? config.Fields.Number("rope_theta", 10000);

    private static void RequireRotation(BackboneConfig config)
    {
        if (config.HeadSize % 2 != 0) throw config.Fields.Wrong($"the heads' size {config.HeadSize} is odd, and rotary positions rotate halves; it must be even.");
        foreach (string name in new[] { "rope_scaling", "rope_parameters" })
            if (config.Fields.Part(name) is { } scaling && (scaling.Text("rope_type", "") is { Length: > 0 } type ? type : scaling.Text("type", "default")) is var kind and not "default")
                throw new NotSupportedException($"{config.Fields.Source}: {name} is of type '{kind}', which is not supported; supported are positions without scaling.");
        if (config.Fields.Number("partial_rotary_factor", 1) != 1) throw new NotSupportedException($"{config.Fields.Source}: partial_rotary_factor is not supported; supported are heads that are rotated whole.");
    }
}
