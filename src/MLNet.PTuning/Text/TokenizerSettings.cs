// What the smaller files of a folder say about its tokenizer; each may be absent.
using System.Text.Json;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Text;

internal sealed class TokenizerSettings
{
    public const string ConfigFile = "tokenizer_config.json", SpecialTokensFile = "special_tokens_map.json", AddedTokensFile = "added_tokens.json";

    // Hugging Face writes 1e30 for "no limit".
    private const double LargestLength = 1_000_000;

    private const int LargestFile = 1 << 26;

    private readonly JsonElement _config, _specialTokens, _addedTokens, _model;

    private TokenizerSettings(string folder)
    {
        _config = Read(Path.Combine(folder, ConfigFile));
        _specialTokens = Read(Path.Combine(folder, SpecialTokensFile));
        _addedTokens = Read(Path.Combine(folder, AddedTokensFile));
        _model = Read(Path.Combine(folder, "config.json"));
    }

    public static TokenizerSettings Load(string folder) => new(folder);

    /// <summary>The architecture that config.json names, such as "bert".</summary>
    public string? ModelType => TextOf(_model, "model_type");

    /// <summary>Hugging Face's class of the tokenizer, without the "Fast" at its end; null where neither file names it.</summary>
    public string? TokenizerClass =>
        (Text("tokenizer_class") ?? TextOf(_model, "tokenizer_class")) is { Length: > 0 } name ? name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^4] : name : null;

    public static InvalidDataException Missing(string path, string token, string role) =>
        new($"'{path}' has no '{token}'; if the model calls this token otherwise, name it as {role} in {ConfigFile} beside it.");

    /// <summary>Null where no limit is said, or one that no model has.</summary>
    public int? ModelMaxLength =>
        _config.TryGetProperty("model_max_length", out JsonElement value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out double length) && length is >= 1 and <= LargestLength ? (int)length : null;

    /// <summary>Tokens with an id of their own, such as an author adds to a published vocabulary.</summary>
    public IEnumerable<AddedToken> AddedTokens
    {
        get
        {
            foreach (JsonProperty token in _addedTokens.EnumerateObject())
                if (token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt32(out int id) && IsId(id))
                    yield return new AddedToken(token.Name, id);
            if (!_config.TryGetProperty("added_tokens_decoder", out JsonElement tokens) || tokens.ValueKind != JsonValueKind.Object)
                yield break;
            foreach (JsonProperty token in tokens.EnumerateObject())
                if (int.TryParse(token.Name, out int id) && IsId(id) && TokenOf(token.Value) is { } content)
                    yield return new AddedToken(
                        content, id, Is(token.Value, "lstrip"), Is(token.Value, "rstrip"), Is(token.Value, "single_word"),
                        Is(token.Value, "normalized"));
        }
    }

    /// <summary>Further special tokens, which have their ids from the vocabulary.</summary>
    public IEnumerable<string> AdditionalSpecialTokens => new[] { _config, _specialTokens }
        .Where(file => file.TryGetProperty("additional_special_tokens", out JsonElement tokens) && tokens.ValueKind == JsonValueKind.Array)
        .SelectMany(file => file.GetProperty("additional_special_tokens").EnumerateArray().Select(TokenOf)).OfType<string>();

    public bool? Flag(string name) =>
        _config.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    /// <summary>A setting that is a text; null where it is absent or of another kind.</summary>
    public string? Text(string name) => TextOf(_config, name);

    /// <summary>The text of a special token such as "unk_token"; null where neither file names it.</summary>
    public string? Token(string name) =>
        (_config.TryGetProperty(name, out JsonElement value) ? TokenOf(value) : null)
        ?? (_specialTokens.TryGetProperty(name, out value) ? TokenOf(value) : null);

    private static bool IsId(int id) => id is >= 0 and <= JsonPart.LargestId;

    private static string? TextOf(JsonElement file, string name) =>
        file.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // A token is written as its text or as an object that holds it.
    private static string? TokenOf(JsonElement token) => token.ValueKind switch
    {
        JsonValueKind.String => token.GetString(),
        JsonValueKind.Object when token.TryGetProperty("content", out JsonElement content) => TokenOf(content),
        _ => null,
    };

    private static bool Is(JsonElement token, string name) =>
        token.ValueKind == JsonValueKind.Object && token.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static JsonElement Read(string path)
    {
        if (!File.Exists(path)) return JsonSerializer.SerializeToElement(new { });
        using JsonDocument document = JsonFile.ReadObject(path, LargestFile);
        return document.RootElement.Clone();
    }
}
