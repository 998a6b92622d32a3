// The part of a Hugging Face config.json that an encoder needs, checked.
using System.Text.Json;

namespace MLNet.PTuning.Backbones;

/// <summary>Shape and constants of a transformer encoder, in the names of BERT's config.json.</summary>
internal sealed record BackboneConfig
{
    public required string ModelType { get; init; }
    public required int VocabSize { get; init; }
    public required int HiddenSize { get; init; }
    public required int EmbeddingSize { get; init; }
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

    /// <summary>All fields, for those that one family alone has.</summary>
    public required ConfigFields Fields { get; init; }

    /// <summary>d, the size of an attention head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Heads of keys and values, to each of which as many query heads belong.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>W, the width of a layer's keys and values: the hidden size, or less where they have fewer heads.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadSize;

    /// <summary>Reads a config; <paramref name="source"/> names it in errors.</summary>
    /// <exception cref="InvalidDataException">A field is missing, of another kind, or makes no transformer.</exception>
    /// <exception cref="NotSupportedException">Its family is not known here.</exception>
    public static BackboneConfig Parse(JsonElement json, string source)
    {
        var (type, family) = FamilyOf(new ConfigFields(json, source, new Dictionary<string, string>()));
        var dialect = family.Dialect;
        var fields = new ConfigFields(json, source, dialect.Names);
        int hidden = fields.Count("hidden_size", null), heads = fields.Count("num_attention_heads", null), keyHeads = fields.Count("num_key_value_heads", heads);
        var config = new BackboneConfig
        {
            ModelType = type,
            VocabSize = fields.Count("vocab_size", null),
            HiddenSize = hidden,
            EmbeddingSize = fields.Count("embedding_size", dialect.EmbeddingSize ?? hidden),
            LayerCount = fields.Count("num_hidden_layers", null),
            HeadCount = heads,
            HeadSize = fields.Count("head_dim", Math.Max(1, hidden / heads)),
            KeyValueHeads = keyHeads,
            IntermediateSize = fields.Count("intermediate_size", dialect.IntermediateFactor is { } factor ? factor * hidden : null),
            MaxPositions = fields.Count("max_position_embeddings", null),
            TypeVocabSize = fields.Integer("type_vocab_size", dialect.TypeVocabSize),
            HiddenActivation = fields.Text("hidden_act", dialect.Activation),
            LayerNormEpsilon = fields.Fraction("layer_norm_eps", dialect.Epsilon),
            HiddenDropout = fields.Probability("hidden_dropout_prob", dialect.Dropout),
            AttentionDropout = fields.Probability("attention_probs_dropout_prob", dialect.Dropout),
            InitializerRange = fields.Fraction("initializer_range", 0.02),
            PadTokenId = fields.Integer("pad_token_id", dialect.PadTokenId),
            Fields = fields,
        };
        if (heads % keyHeads != 0)
            throw fields.Wrong($"{fields.NameOf("num_attention_heads")} {heads} is not a multiple of {fields.NameOf("num_key_value_heads")} {keyHeads}.");
        // Decoders may name a size of the heads that is not the hidden size divided by their number.
        if (hidden % config.HeadCount != 0 && !fields.Has("head_dim"))
            throw fields.Wrong($"{fields.NameOf("hidden_size")} {hidden} is not a multiple of {fields.NameOf("num_attention_heads")} {config.HeadCount}.");
        return config;
    }

    private static (string Type, BackboneFamily Family) FamilyOf(ConfigFields fields)
    {
        string supported = string.Join(", ", BackboneFamily.All.Keys);
        string? architecture = fields.Texts("architectures", ',').FirstOrDefault(), type = fields.Text("model_type", "").ToLowerInvariant() is { Length: > 0 } written ? written : null;
        type ??= architecture is null ? null : BackboneFamily.TypeOfClass(architecture);
        if (type is null && architecture is null)
            throw fields.Wrong($"'model_type' is missing; add the model's, for example \"model_type\": \"bert\" (supported are {supported}).");
        if (type is null || !BackboneFamily.All.TryGetValue(type, out var family))
            throw new NotSupportedException($"{fields.Source}: {(type is null ? $"architectures '{architecture}'" : $"model_type '{type}'")} is not supported; supported are {supported}."
                + (type is null ? " If it is one of these under another name, add its 'model_type'." : ""));
        if (fields.Flag("is_decoder", false))
            throw new NotSupportedException($"{fields.Source}: is_decoder is true, and a {type} whose attention looks back only is not supported; supported are encoders.");
        return (type, family);
    }

    /// <exception cref="NotSupportedException">The model was trained with relative positions, as some variants of BERT are.</exception>
    public void RequireAbsolutePositions()
    {
        string kind = Fields.Text("position_embedding_type", "absolute");
        if (kind != "absolute") throw new NotSupportedException($"position_embedding_type '{kind}' is not supported for {ModelType}; supported is absolute.");
    }
}
