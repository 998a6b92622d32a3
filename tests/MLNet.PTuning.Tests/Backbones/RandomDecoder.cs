// A decoder of a family with random weights, of sizes that are whole vectors in every width, and rows and prompts for it.
using System.Text.Json;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

/// <summary>
/// Forms: <c>llama</c> (grouped keys, heads that are together wider than the hidden size), <c>qwen2</c> (the same with biases), <c>gpt2</c>.
/// </summary>
internal sealed class RandomDecoder : IDisposable
{
    public const int PromptLength = 5, Vocabulary = 60;
    private static readonly int[] RowLengths = [1, 75, 3, 40, 8];

    // Tests call the layers on their own threads, and the number of cores is known once this one has begun.
    static RandomDecoder() => ComputeThread.Run(() => { });

    private readonly Dictionary<string, torch.Tensor> _weights = [];
    private readonly Int8Weights? _int8;

    /// <param name="form">The family.</param>
    /// <param name="fields">Fields of config.json that are others, as JSON.</param>
    /// <param name="isInt8">Whether its weights are rounded to 8 bits.</param>
    public RandomDecoder(string form, string fields = "", bool isInt8 = false)
    {
        string sizes = form == "gpt2"
            ? """ "n_embd": 64, "n_layer": 3, "n_head": 8, "n_positions": 128, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0 """
            : """ "hidden_size": 96, "intermediate_size": 160, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "max_position_embeddings": 128 """;
        using var json = JsonDocument.Parse($$"""{ "model_type": "{{form}}", "vocab_size": {{Vocabulary}}, {{sizes}} {{(fields == "" ? "" : "," + fields)}} }""");
        Config = BackboneConfig.Parse(json.RootElement.Clone(), form);
        if (isInt8) _int8 = new Int8Weights((name, shape, to) => ParameterFactory.ToArray(Weight(name, shape)).CopyTo(to));
        Encoder = (CausalDecoder)BackboneFamily.All[form].Create(Config, new EncoderWeights(_ => true, Weight, _int8));
    }

    public BackboneConfig Config { get; }

    public CausalDecoder Encoder { get; }

    public IReadOnlyDictionary<string, torch.Tensor> Weights => _weights;

    /// <summary>2·L·W.</summary>
    public long PromptWidth => 2L * Config.LayerCount * Config.KeyValueWidth;

    public static PackedBatch Rows()
    {
        var random = new Random(1);
        int[] starts = [0, .. RowLengths.Select((_, i) => RowLengths[..(i + 1)].Sum())];
        return new PackedBatch([.. Enumerable.Range(0, starts[^1]).Select(_ => random.Next(Vocabulary))], new int[starts[^1]], starts);
    }

    public static PackedBatch Row(PackedBatch batch, int row)
    {
        var range = batch.RowStarts[row]..batch.RowStarts[row + 1];
        return new PackedBatch(batch.Ids[range], batch.Types[range], [0, batch.Ids[range].Length]);
    }

    /// <summary>Positions of the last word pieces, all positions, or some of some rows.</summary>
    public static int[] Read(PackedBatch batch, string which) => which switch
    {
        "last" => [.. batch.RowStarts[1..].Select(end => end - 1)],
        "all" => [.. Enumerable.Range(0, batch.Ids.Length)],
        _ => [1, 20, 21, 60, 75, 80, 118],
    };

    public (PromptState State, torch.Tensor Leaf) Prompt(double dropout = 0)
    {
        var leaf = (Random(PromptLength, PromptWidth, seed: 2) * 0.5).requires_grad_(true);
        return (StateOf(leaf, dropout), leaf);
    }

    public static PromptState StateOf(torch.Tensor table, double dropout = 0) => new() { Prefix = table, Length = PromptLength, Dropout = dropout };

    public static torch.Tensor Random(long rows, long columns, int seed)
    {
        using var factory = new ParameterFactory(seed, torch.CPU);
        using var leaf = factory.Normal(1, rows, columns);
        return leaf.detach().clone();
    }

    public void Dispose()
    {
        Encoder.Dispose();
        _int8?.Dispose();
        foreach (var weight in _weights.Values) weight.Dispose();
    }

    // Biases and the norms' weights are not what they begin as, so that each is seen to be read.
    private torch.Tensor Weight(string name, long[] shape)
    {
        if (_weights.TryGetValue(name, out var known)) return known;
        using var scope = torch.NewDisposeScope();
        var values = Random(shape.Length == 1 ? 1 : shape[0], shape[^1], seed: 10 + name.Sum(letter => letter) % 1000).view(shape);
        var weight = shape.Length == 2 ? values * (name.Contains("embed") || name.Contains("wte") || name.Contains("wpe") ? 1 : 1 / Math.Sqrt(shape[1])) : values * 0.2;
        if (shape.Length == 1 && name.EndsWith(".weight", StringComparison.Ordinal)) weight = weight + 1;
        return _weights[name] = weight.DetachFromDisposeScope();
    }
}
