// Writes a folder of a BERT or a Llama of any size with random weights: what speed and memory are measured on without a download.
using System.Text.Json;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Benchmarks;

/// <summary>The sizes of a BERT, or of a Llama where it has key heads.</summary>
internal sealed record BertShape(string Name, int Layers, int Hidden, int Heads, int Intermediate, int Vocabulary, int Positions)
{
    public static readonly BertShape Base = new("BERT-base", 12, 768, 12, 3072, 30522, 512);

    public static readonly BertShape Large = new("BERT-large", 24, 1024, 16, 4096, 30522, 512);

    public static readonly BertShape MiniLm = new("MiniLM", 6, 384, 12, 1536, 30522, 512);

    public static readonly BertShape Small = new("4 × 256", 4, 256, 4, 1024, 30522, 512);

    public static readonly BertShape Llama = new("Llama 6 × 384", 6, 384, 12, 1024, 30522, 512) { KeyHeads = 4 };

    /// <summary>A Llama's heads of keys and values; null for a BERT.</summary>
    public int? KeyHeads { get; init; }

    /// <summary>Width of keys and of values.</summary>
    public int KeyWidth => Hidden / Heads * (KeyHeads ?? Heads);
}

internal static class GeneratedBackbone
{
    private static readonly string[] Specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// <summary>Writes config.json, vocab.txt and model.safetensors (matrices from N(0, 0.02²), norms 1, biases 0) to a new folder.</summary>
    /// <param name="folder">The folder to make.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="dropout">Both dropouts of config.json.</param>
    /// <param name="type">F32 or F16.</param>
    public static void Write(string folder, BertShape shape, double dropout, ElementType type)
    {
        Directory.CreateDirectory(folder);
        string config = JsonSerializer.Serialize(shape.KeyHeads is { } keyHeads ? LlamaConfig(shape, keyHeads) : new Dictionary<string, object>
        {
            ["model_type"] = "bert",
            ["vocab_size"] = shape.Vocabulary,
            ["hidden_size"] = shape.Hidden,
            ["num_hidden_layers"] = shape.Layers,
            ["num_attention_heads"] = shape.Heads,
            ["intermediate_size"] = shape.Intermediate,
            ["hidden_act"] = "gelu",
            ["hidden_dropout_prob"] = dropout,
            ["attention_probs_dropout_prob"] = dropout,
            ["max_position_embeddings"] = shape.Positions,
            ["type_vocab_size"] = 2,
            ["initializer_range"] = 0.02,
            ["layer_norm_eps"] = 1e-12,
            ["pad_token_id"] = 0,
        });
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), Specials.Concat(Enumerable.Range(Specials.Length, shape.Vocabulary - Specials.Length).Select(i => $"piece{i}")));
        var random = new Random(1);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), (shape.KeyHeads is null ? Weights(shape) : LlamaWeights(shape)).Select(weight => Tensor((shape.KeyHeads is null ? "bert." : "model.") + weight.Name, weight.Shape, type, random)));
    }

    /// <summary>A text that is tokenized into a row's word pieces between its specials.</summary>
    public static string Text(int[] ids) => string.Join(' ', ids[1..^1].Select(id => $"piece{id}"));

    private static IEnumerable<(string Name, long[] Shape)> Weights(BertShape shape)
    {
        long h = shape.Hidden, i = shape.Intermediate;
        yield return ("embeddings.word_embeddings.weight", [shape.Vocabulary, h]);
        yield return ("embeddings.position_embeddings.weight", [shape.Positions, h]);
        yield return ("embeddings.token_type_embeddings.weight", [2, h]);
        var parts = new List<(string Name, long[] Weight)> { ("embeddings.LayerNorm", [h]), ("pooler.dense", [h, h]) };
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string name = $"encoder.layer.{layer}.";
            foreach (string product in new[] { "self.query", "self.key", "self.value", "output.dense" }) parts.Add(($"{name}attention.{product}", [h, h]));
            parts.AddRange([($"{name}attention.output.LayerNorm", [h]), ($"{name}intermediate.dense", [i, h]), ($"{name}output.dense", [h, i]), ($"{name}output.LayerNorm", [h])]);
        }
        foreach (var (name, weight) in parts)
        {
            yield return (name + ".weight", weight);
            yield return (name + ".bias", [weight[0]]);
        }
    }

    private static Dictionary<string, object> LlamaConfig(BertShape shape, int keyHeads) => new()
    {
        ["model_type"] = "llama",
        ["vocab_size"] = shape.Vocabulary,
        ["hidden_size"] = shape.Hidden,
        ["num_hidden_layers"] = shape.Layers,
        ["num_attention_heads"] = shape.Heads,
        ["num_key_value_heads"] = keyHeads,
        ["intermediate_size"] = shape.Intermediate,
        ["hidden_act"] = "silu",
        ["max_position_embeddings"] = shape.Positions,
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 10000.0,
        ["tie_word_embeddings"] = true,
        ["pad_token_id"] = 0,
    };

    private static IEnumerable<(string Name, long[] Shape)> LlamaWeights(BertShape shape)
    {
        long h = shape.Hidden, i = shape.Intermediate, keys = shape.KeyWidth;
        yield return ("embed_tokens.weight", [shape.Vocabulary, h]);
        for (int layer = 0; layer < shape.Layers; layer++)
            foreach (var (name, weight) in new (string, long[])[]
            {
                ("input_layernorm", [h]), ("self_attn.q_proj", [h, h]), ("self_attn.k_proj", [keys, h]), ("self_attn.v_proj", [keys, h]), ("self_attn.o_proj", [h, h]),
                ("post_attention_layernorm", [h]), ("mlp.gate_proj", [i, h]), ("mlp.up_proj", [i, h]), ("mlp.down_proj", [h, i]),
            })
                yield return ($"layers.{layer}.{name}.weight", weight);
        yield return ("norm.weight", [h]);
    }

    private static TensorData Tensor(string name, long[] shape, ElementType type, Random random)
    {
        var values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        if (shape.Length > 1) FillNormal(values, random);
        else if (name.EndsWith("norm.weight", StringComparison.OrdinalIgnoreCase)) values.AsSpan().Fill(1);
        if (type == ElementType.F32) return new TensorData(name, shape, values);
        var halves = new byte[values.Length * 2];
        for (int i = 0; i < values.Length; i++) BitConverter.TryWriteBytes(halves.AsSpan(2 * i), (Half)values[i]);
        return new TensorData(name, type, shape, halves);
    }

    // Box and Muller (1958).
    private static void FillNormal(float[] values, Random random)
    {
        for (int i = 0; i < values.Length; i += 2)
        {
            float radius = 0.02f * MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())), angle = 2 * MathF.PI * random.NextSingle();
            values[i] = radius * MathF.Cos(angle);
            if (i + 1 < values.Length) values[i + 1] = radius * MathF.Sin(angle);
        }
    }
}
