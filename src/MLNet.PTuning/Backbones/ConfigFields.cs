// Reads the fields of a config.json as values of the type that is expected there.
using System.Text.Json;

namespace MLNet.PTuning.Backbones;

/// <summary>A config.json's fields under the names that one family gives them. null is how some configs write "not set", so it counts as absent.</summary>
/// <param name="json">The object.</param>
/// <param name="source">Its name in errors.</param>
/// <param name="names">This family's name of a field, by BERT's name.</param>
internal sealed class ConfigFields(JsonElement json, string source, IReadOnlyDictionary<string, string> names)
{
    public string Source => source;

    public string Text(string name, string? absent) => Find(name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        null => absent ?? throw Missing(name),
        { } value => throw Wrong(name, value, "a string"),
    };

    /// <summary>A list of texts, or one text with separators; empty where absent.</summary>
    public IReadOnlyList<string> Texts(string name, char separator) => Find(name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString()!.ToLowerInvariant().Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(item => item.GetString()!)],
        null => [],
        { } value => throw Wrong(name, value, "a string or a list of strings"),
    };

    public double Number(string name, double? absent) => Find(name) switch
    {
        { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out double number) && double.IsFinite(number) => number,
        null => absent ?? throw Missing(name),
        { } value => throw Wrong(name, value, "a number"),
    };

    public bool Flag(string name, bool absent) => Find(name) switch
    {
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        null => absent,
        { } value => throw Wrong(name, value, "true or false"),
    };

    /// <summary>A whole number from 1 to 2^24.</summary>
    public int Count(string name, int? absent) => Within(name, absent, 1);

    /// <summary>A whole number from −1 (in many fields: not set) to 2^24.</summary>
    public int Integer(string name, int? absent) => Within(name, absent, -1);

    /// <summary>A number from 0 up to, but without, 1.</summary>
    public double Probability(string name, double absent) => Number(name, absent) is >= 0 and < 1 and double p ? p
        : throw new InvalidDataException(FormattableString.Invariant($"{source}: {NameOf(name)} is {Number(name, absent)}; it must be at least 0 and less than 1."));

    /// <summary>A number from 0 to 1.</summary>
    public double Fraction(string name, double absent) => Number(name, absent) is >= 0 and <= 1 and double fraction ? fraction
        : throw new InvalidDataException(FormattableString.Invariant($"{source}: {NameOf(name)} is {Number(name, absent)}; it must be from 0 to 1."));

    /// <summary>Whether a field is there.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>The fields of an object in a field; null where it is absent.</summary>
    public ConfigFields? Part(string name) => Find(name) switch
    {
        { ValueKind: JsonValueKind.Object } value => new ConfigFields(value, $"{source}: {NameOf(name)}", new Dictionary<string, string>()),
        null => null,
        { } value => throw Wrong(name, value, "an object"),
    };

    public InvalidDataException Wrong(string message) => new($"{source}: {message}");

    /// <summary>This family's name of a field.</summary>
    public string NameOf(string name) => names.GetValueOrDefault(name, name);

    private int Within(string name, int? absent, int least)
    {
        double number = Number(name, absent);
        return number >= least && number <= 1 << 24 && number == Math.Floor(number)
            ? (int)number
            : throw new InvalidDataException(FormattableString.Invariant($"{source}: '{NameOf(name)}' is {number}; expected a whole number from {least} to {1 << 24}."));
    }

    private JsonElement? Find(string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(NameOf(name), out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private InvalidDataException Missing(string name) => new($"{source}: '{NameOf(name)}' is missing; a transformer's config.json has it.");

    private InvalidDataException Wrong(string name, JsonElement value, string expected)
    {
        string text = value.GetRawText();
        return new InvalidDataException($"{source}: '{NameOf(name)}' is {(text.Length > 40 ? text[..40] + "…" : text)}; expected {expected}.");
    }
}
