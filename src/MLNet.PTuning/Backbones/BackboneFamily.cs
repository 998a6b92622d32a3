// The architecture families, and how they differ.
namespace MLNet.PTuning.Backbones;

/// <summary>One family of encoders or decoders.</summary>
/// <param name="Prefix">What its checkpoints put before tensors' names, where they put something.</param>
/// <param name="Dialect">Its names of config.json's fields, and their defaults.</param>
/// <param name="Create">Makes the encoder from its configuration and tensors.</param>
internal sealed record BackboneFamily(string Prefix, ConfigDialect Dialect, Func<BackboneConfig, EncoderWeights, Encoder> Create)
{
    /// <summary>The tensors of the masked-word head; null for a family that has none, or none that is known here.</summary>
    public MaskedWordNames? MaskedWords { get; init; }

    /// <summary>Whether a decoder of the family scores the next word piece by the word embeddings where config.json does not say (tie_word_embeddings).</summary>
    public bool TiesWords { get; init; }

    /// <summary>Whether it writes texts.</summary>
    public bool IsDecoder { get; init; }

    /// <summary>One line a value of config.json's model_type.</summary>
    public static readonly IReadOnlyDictionary<string, BackboneFamily> All = new Dictionary<string, BackboneFamily>
    {
        ["bert"] = Bert.Family,
        ["roberta"] = Roberta.Family,
        ["camembert"] = Roberta.Family,
        ["xlm-roberta"] = Roberta.Family,
        ["distilbert"] = DistilBert.Family,
        ["electra"] = Electra.Family,
        ["albert"] = Albert.Family,
        ["deberta-v2"] = DebertaV2.Family,
        ["gpt2"] = Gpt2.Family with { IsDecoder = true, TiesWords = true },
        ["llama"] = Llama.Family with { IsDecoder = true },
        ["mistral"] = Llama.Family with { IsDecoder = true },
        ["qwen2"] = Llama.Qwen2 with { IsDecoder = true },
    };

    // What the names of Hugging Face's classes begin with, for configurations that lack model_type.
    private static readonly IReadOnlyDictionary<string, string> TypesOfClasses = new Dictionary<string, string>
    {
        ["Bert"] = "bert",
        ["Roberta"] = "roberta",
        ["Camembert"] = "camembert",
        ["XLMRoberta"] = "xlm-roberta",
        ["DistilBert"] = "distilbert",
        ["Electra"] = "electra",
        ["Albert"] = "albert",
        ["DebertaV2"] = "deberta-v2",
        ["GPT2"] = "gpt2",
        ["Llama"] = "llama",
        ["Mistral"] = "mistral",
        ["Qwen2"] = "qwen2",
    };

    /// <summary>The model_type that the name of a class such as BertForMaskedLM says; null for a class of another family, or of a form that is not known here.</summary>
    public static string? TypeOfClass(string name)
    {
        string[] ends = ["Model", "For", "LMHeadModel"];
        return TypesOfClasses.FirstOrDefault(type => ends.Any(end => name.StartsWith(type.Key + end, StringComparison.Ordinal))).Value;
    }
}

/// <summary>What a family's config.json calls the fields of BERT's, and what holds where a field is absent.</summary>
internal sealed record ConfigDialect
{
    /// <summary>This family's name of a field, by BERT's name; a field that is not here has BERT's name.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    public string Activation { get; init; } = "gelu";
    public double Epsilon { get; init; } = 1e-12;
    public double Dropout { get; init; } = 0.1;
    public int TypeVocabSize { get; init; } = 2;
    public int PadTokenId { get; init; }

    /// <summary>The intermediate size in hidden sizes where no field says it; null where one must.</summary>
    public int? IntermediateFactor { get; init; }

    /// <summary>Width of the embeddings; null for the hidden size.</summary>
    public int? EmbeddingSize { get; init; }
}
