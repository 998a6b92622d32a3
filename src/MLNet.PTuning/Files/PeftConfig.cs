// The adapter_config.json of PEFT's prompt-learning methods: its fields, read from and written as PEFT writes them.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MLNet.PTuning.Files;

/// <summary>PEFT's prompt-learning methods, by the names that adapter_config.json gives them.</summary>
internal enum PeftType { PREFIX_TUNING, PROMPT_TUNING, P_TUNING, MULTITASK_PROMPT_TUNING }

/// <summary>What adapter_config.json says. Fields that belong to other methods than <see cref="Type"/> keep their defaults and are
/// not written.</summary>
internal sealed record PeftConfig
{
    private static readonly JsonSerializerOptions s_asPython = new()
    {
        WriteIndented = true, IndentSize = 2, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required PeftType Type { get; init; }

    /// <summary>SEQ_CLS, TOKEN_CLS, QUESTION_ANS or another of PEFT's names.</summary>
    public string? TaskType { get; init; }

    public string? BaseModel { get; init; }

    public string? Revision { get; init; }

    /// <summary>The version of PEFT whose fields these are; null where the file is older than this field.</summary>
    public string? PeftVersion { get; init; } = "0.20.0";

    /// <summary>P, the number of prompt positions.</summary>
    public required int VirtualTokens { get; init; }

    /// <summary>H, the backbone's hidden size.</summary>
    public required int TokenDim { get; init; }

    public int? AttentionHeads { get; init; }

    public int? Layers { get; init; }

    /// <summary>1 for encoders, 2 for encoder-decoder models.</summary>
    public int Submodules { get; init; } = 1;

    /// <summary>Modules of the backbone that were trained too, such as classifier; their tensors are named base_model.*.</summary>
    public IReadOnlyList<string>? ModulesToSave { get; init; }

    /// <summary>PREFIX_TUNING with projection and P_TUNING: width of the network that makes the prompt.</summary>
    public int? EncoderHiddenSize { get; init; }

    /// <summary>PREFIX_TUNING: whether a network made the prefix in training; the file holds what it made.</summary>
    public bool PrefixProjection { get; init; }

    /// <summary>P_TUNING: MLP or LSTM.</summary>
    public string Reparameterization { get; init; } = "MLP";

    /// <summary>P_TUNING: layers of the LSTM.</summary>
    public int EncoderLayers { get; init; } = 2;

    /// <summary>P_TUNING: dropout of the LSTM.</summary>
    public double EncoderDropout { get; init; }

    /// <summary>PROMPT_TUNING and MULTITASK_PROMPT_TUNING: RANDOM, TEXT, SAMPLE_VOCAB or another of PEFT's names.</summary>
    public string PromptInit { get; init; } = "RANDOM";

    /// <summary>PROMPT_TUNING and MULTITASK_PROMPT_TUNING: the text that a prompt began as.</summary>
    public string? PromptInitText { get; init; }

    /// <summary>PROMPT_TUNING and MULTITASK_PROMPT_TUNING: the tokenizer of <see cref="PromptInitText"/>.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>MULTITASK_PROMPT_TUNING: rank of the tasks' factors.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>MULTITASK_PROMPT_TUNING: number of tasks.</summary>
    public int Tasks { get; init; } = 1;

    /// <summary>Reads adapter_config.json; fields that are not known here are ignored.</summary>
    /// <exception cref="InvalidDataException">It is not a JSON object, or lacks a field.</exception>
    /// <exception cref="NotSupportedException">It describes a method that is not prompt learning, such as LORA.</exception>
    public static PeftConfig Read(string path)
    {
        using JsonDocument document = JsonFile.ReadObject(path, 1 << 22);
        var json = new JsonFields(path, document.RootElement);
        string type = json.Text("peft_type") ?? throw json.Missing("peft_type");
        if (!Enum.GetNames<PeftType>().Contains(type))
        {
            throw new NotSupportedException(
                $"{path} is of the type {type}, which is not supported; supported are PEFT's prompts: {string.Join(", ", Enum.GetNames<PeftType>())}.");
        }
        return new PeftConfig
        {
            Type = Enum.Parse<PeftType>(type),
            TaskType = json.Text("task_type"),
            BaseModel = json.Text("base_model_name_or_path"),
            Revision = json.Text("revision"),
            PeftVersion = json.Text("peft_version"),
            VirtualTokens = json.Integer("num_virtual_tokens") ?? throw json.Missing("num_virtual_tokens"),
            TokenDim = json.Integer("token_dim") ?? throw json.Missing("token_dim"),
            AttentionHeads = json.Integer("num_attention_heads"),
            Layers = json.Integer("num_layers"),
            Submodules = json.Integer("num_transformer_submodules") ?? 1,
            ModulesToSave = json.Texts("modules_to_save"),
            EncoderHiddenSize = json.Integer("encoder_hidden_size"),
            PrefixProjection = json.Flag("prefix_projection") ?? false,
            Reparameterization = json.Text("encoder_reparameterization_type") ?? "MLP",
            EncoderLayers = json.Integer("encoder_num_layers") ?? 2,
            EncoderDropout = json.Fraction("encoder_dropout") ?? 0,
            PromptInit = json.Text("prompt_tuning_init") ?? "RANDOM",
            PromptInitText = json.Text("prompt_tuning_init_text"),
            Tokenizer = json.Text("tokenizer_name_or_path"),
            Ranks = json.Integer("num_ranks") ?? 1,
            Tasks = json.Integer("num_tasks") ?? 1,
        };
    }

    /// <summary>The file as PEFT writes it: keys sorted, indented by 2, every character in ASCII.</summary>
    public string ToJson()
    {
        var sorted = new JsonObject(Fields().OrderBy(field => field.Key, StringComparer.Ordinal));
        var ascii = new StringBuilder();
        foreach (char c in sorted.ToJsonString(s_asPython))
            _ = c < 127 ? ascii.Append(c) : ascii.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        return ascii.ToString();
    }

    private Dictionary<string, JsonNode?> Fields()
    {
        var fields = new Dictionary<string, JsonNode?>
        {
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = BaseModel,
            ["inference_mode"] = true,
            ["modules_to_save"] = ModulesToSave is null ? null : new JsonArray([.. ModulesToSave.Select(name => JsonValue.Create(name))]),
            ["num_attention_heads"] = AttentionHeads,
            ["num_layers"] = Layers,
            ["num_transformer_submodules"] = Submodules,
            ["num_virtual_tokens"] = VirtualTokens,
            ["peft_type"] = Type.ToString(),
            ["peft_version"] = PeftVersion,
            ["revision"] = Revision,
            ["task_type"] = TaskType,
            ["token_dim"] = TokenDim,
        };
        switch (Type)
        {
            case PeftType.PREFIX_TUNING:
                fields["encoder_hidden_size"] = EncoderHiddenSize;
                fields["init_weights"] = null;
                fields["prefix_projection"] = PrefixProjection;
                break;
            case PeftType.P_TUNING:
                // Python writes a whole float with one decimal, as a decimal of that scale does here.
                fields["encoder_dropout"] = (decimal)EncoderDropout * 1.0m;
                fields["encoder_hidden_size"] = EncoderHiddenSize;
                fields["encoder_num_layers"] = EncoderLayers;
                fields["encoder_reparameterization_type"] = Reparameterization;
                break;
            default:
                fields["prompt_tuning_init"] = PromptInit;
                fields["prompt_tuning_init_text"] = PromptInitText;
                fields["tokenizer_kwargs"] = null;
                fields["tokenizer_name_or_path"] = Tokenizer;
                break;
        }
        if (Type == PeftType.MULTITASK_PROMPT_TUNING)
        {
            fields["num_ranks"] = Ranks;
            fields["num_tasks"] = Tasks;
            fields["prompt_tuning_init_state_dict_path"] = null;
            fields["prompt_tuning_init_task"] = 0;
        }
        return fields;
    }
}
