// The part of a Hugging Face config.json that an encoder needs, checked.
using System.Text.Json;

namespace MLNet.PTuning.Backbones;

/// <summary>Shape and constants of a transformer encoder, in the names of config.json.</summary>
internal sealed record BackboneConfig
{
    public required string ModelType { get; init; }
    public required int VocabSize { get; init; }
    public required int HiddenSize { get; init; }
    public required int LayerCount { get; init; }
    public required int HeadCount { get; init; }
    public required int IntermediateSize { get; init; }
    public required int MaxPositions { get; init; }
    public required int TypeVocabSize { get; init; }
    public required string HiddenActivation { get; init; }
    public required double LayerNormEpsilon { get; init; }
    public required double HiddenDropout { get; init; }
    public required double AttentionDropout { get; init; }
    public required double InitializerRange { get; init; }
    public required int PadTokenId { get; init; }

    public int HeadSize => HiddenSize / HeadCount;

    /// <summary>Reads a config; <paramref name="source"/> names it in errors.</summary>
    /// <exception cref="InvalidDataException">A field is missing, of another kind, or makes no transformer.</exception>
    public static BackboneConfig Parse(JsonElement json, string source)
    {
        var config = new BackboneConfig
        {
            ModelType = Text("model_type", null),
            VocabSize = Count("vocab_size", null),
            HiddenSize = Count("hidden_size", null),
            LayerCount = Count("num_hidden_layers", null),
            HeadCount = Count("num_attention_heads", null),
            IntermediateSize = Count("intermediate_size", null),
            MaxPositions = Count("max_position_embeddings", null),
            TypeVocabSize = Count("type_vocab_size", 2),
            HiddenActivation = Text("hidden_act", "gelu"),
            LayerNormEpsilon = Number("layer_norm_eps", 1e-12),
            HiddenDropout = Number("hidden_dropout_prob", 0.1),
            AttentionDropout = Number("attention_probs_dropout_prob", 0.1),
            InitializerRange = Number("initializer_range", 0.02),
            PadTokenId = (int)Number("pad_token_id", 0),
        };
        if (config.HiddenSize % config.HeadCount != 0)
            throw new InvalidDataException($"{source}: hidden_size {config.HiddenSize} is not a multiple of num_attention_heads {config.HeadCount}.");
        foreach (var (name, p) in new[] { ("hidden_dropout_prob", config.HiddenDropout), ("attention_probs_dropout_prob", config.AttentionDropout) })
            if (!(p >= 0 && p < 1)) throw new InvalidDataException($"{source}: {name} is {p}; it must be at least 0 and less than 1.");
        return config;

        // null is how some configs write "not set", so it counts as absent.
        JsonElement? Find(string name) =>
            json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

        InvalidDataException Missing(string name) => new($"{source}: '{name}' is missing; a transformer's config.json has it.");

        string Text(string name, string? absent) => Find(name) switch
        {
            { ValueKind: JsonValueKind.String } value => value.GetString()!,
            null => absent ?? throw Missing(name),
            { } value => throw new InvalidDataException($"{source}: '{name}' is {value.ValueKind}; expected a string."),
        };

        double Number(string name, double? absent) => Find(name) switch
        {
            { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out double number) && double.IsFinite(number) => number,
            null => absent ?? throw Missing(name),
            { } value => throw new InvalidDataException($"{source}: '{name}' is {value.GetRawText()}; expected a number."),
        };

        int Count(string name, int? absent)
        {
            double number = Number(name, absent);
            return number is >= 1 and <= 1 << 24 && number == Math.Floor(number)
                ? (int)number
                : throw new InvalidDataException($"{source}: '{name}' is {number}; expected a whole number from 1 to {1 << 24}.");
        }
    }
}
