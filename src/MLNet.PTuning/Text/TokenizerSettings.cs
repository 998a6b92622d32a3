// What the smaller files of a folder say about its tokenizer; each may be absent.
using System.Globalization;
using System.Text.Json;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Text;

internal sealed class TokenizerSettings
{
    public const string ConfigFile = "tokenizer_config.json", SpecialTokensFile = "special_tokens_map.json", AddedTokensFile = "added_tokens.json";

    // Hugging Face writes 1e30 for "no limit".
    private const double LargestLength = 1_000_000;

    private const int LargestFile = 1 << 26;

    // The second is newer.
    private static readonly string[] FurtherFields = ["additional_special_tokens", "extra_special_tokens"];

    private static readonly string[] Roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

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

    /// <summary>
    /// Tokens with an id of their own, such as an author adds to a published vocabulary. As Hugging Face's fast classes, those of the older file are
    /// looked for in normalized text where they are no special tokens, and so in any case where case is lowered.
    /// </summary>
    public IEnumerable<AddedToken> AddedTokens
    {
        get
        {
            var specials = SpecialTokens.Select(token => token.Content).ToHashSet();
            foreach (JsonProperty token in _addedTokens.EnumerateObject())
                if (token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt32(out int id) && IsId(id))
                    yield return new AddedToken(token.Name, id, IsNormalized: !specials.Contains(token.Name));
            if (!_config.TryGetProperty("added_tokens_decoder", out JsonElement tokens) || tokens.ValueKind != JsonValueKind.Object)
                yield break;
            foreach (JsonProperty token in tokens.EnumerateObject())
                if (int.TryParse(token.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && IsId(id) && Added(token.Value, id) is { } added)
                    yield return added;
        }
    }

    // The special tokens that the files name, without ids, in the order in which Hugging Face's classes add those that a tokenizer lacks.
    private IEnumerable<AddedToken> SpecialTokens =>
        Roles.Select(Named).OfType<JsonElement>().Concat(Further).Select(token => Added(token, -1)).OfType<AddedToken>();

    // A list, or (where a model has names for them) an object.
    private IEnumerable<JsonElement> Further => new[] { _config, _specialTokens }
        .SelectMany(file => FurtherFields.Select(name => file.TryGetProperty(name, out JsonElement tokens) ? tokens : default))
        .SelectMany(tokens => tokens.ValueKind switch
        {
            JsonValueKind.Array => tokens.EnumerateArray().ToArray(),
            JsonValueKind.Object => [.. tokens.EnumerateObject().Select(token => token.Value)],
            _ => [],
        });

    /// <summary>
    /// The added tokens of a tokenizer, and behind them those that the folder's other files name and it lacks, as Hugging Face's fast classes add them:
    /// folders often hold a tokenizer.json from before an author added tokens. Special tokens without an id have the vocabulary's, or the next one.
    /// </summary>
    /// <param name="own">The tokens that are there.</param>
    /// <param name="idOf">The vocabulary's id of a piece.</param>
    /// <param name="vocabularySize">One more than the vocabulary's highest id.</param>
    public AddedToken[] Complete(IReadOnlyCollection<AddedToken> own, Func<string, int?> idOf, int vocabularySize)
    {
        var names = own.Select(token => token.Content).ToHashSet();
        List<AddedToken> all = [.. own, .. AddedTokens.Where(token => names.Add(token.Content))];
        int next = all.Select(token => token.Id + 1).Append(vocabularySize).Max();
        foreach (AddedToken token in SpecialTokens)
            if (names.Add(token.Content)) all.Add(token with { Id = idOf(token.Content) ?? next++ });
        return [.. all];
    }

    /// <inheritdoc cref="Complete(IReadOnlyCollection{AddedToken}, Func{string, int?}, int)"/>
    public AddedToken[] Complete(IReadOnlyCollection<AddedToken> own, Dictionary<string, int> vocabulary) =>
        Complete(own, piece => vocabulary.TryGetValue(piece, out int id) ? id : null, vocabulary.Values.Max() + 1);

    public bool? Flag(string name) =>
        _config.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    /// <summary>A setting that is a text; null where it is absent or of another kind.</summary>
    public string? Text(string name) => TextOf(_config, name);

    /// <summary>The text of a special token such as "unk_token"; null where neither file names it.</summary>
    public string? Token(string name) =>
        Named(name) is { } token ? TokenOf(token) : null;

    private JsonElement? Named(string name)
    {
        foreach (JsonElement file in new[] { _config, _specialTokens })
            if (file.TryGetProperty(name, out JsonElement token) && TokenOf(token) is not null) return token;
        return null;
    }

    private static AddedToken? Added(JsonElement token, int id) => TokenOf(token) is not { Length: > 0 } content ? null : new AddedToken(
        content, id, Is(token, "lstrip"), Is(token, "rstrip"), Is(token, "single_word"), Is(token, "normalized"));

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
