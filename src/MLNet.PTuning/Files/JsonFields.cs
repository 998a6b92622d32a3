// Takes fields of a JSON object as values of the type that is expected there; a field that is absent or null has none.
using System.Text.Json;

namespace MLNet.PTuning.Files;

/// <param name="path">The file, for error messages.</param>
/// <param name="json">The object.</param>
internal readonly struct JsonFields(string path, JsonElement json)
{
    public string? Text(string name) => Get(name, JsonValueKind.String, "a string")?.GetString();

    /// <summary>A number from 0 to <see cref="int.MaxValue"/>.</summary>
    public int? Integer(string name) => Get(name, JsonValueKind.Number, "a number") is not JsonElement value ? null
        : value.TryGetInt32(out int number) && number >= 0 ? number : throw Wrong(name, value, "a whole number from 0");

    /// <summary>A number from 0 to 1.</summary>
    public double? Fraction(string name) => Get(name, JsonValueKind.Number, "a number") is not JsonElement value ? null
        : value.GetDouble() is >= 0 and <= 1 and double fraction ? fraction : throw Wrong(name, value, "a number from 0 to 1");

    public bool? Flag(string name) => Find(name) is not JsonElement value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value, "true or false");

    public IReadOnlyList<string>? Texts(string name)
    {
        if (Get(name, JsonValueKind.Array, "a list of strings") is not JsonElement list)
            return null;
        if (list.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw Wrong(name, list, "a list of strings");
        return [.. list.EnumerateArray().Select(item => item.GetString()!)];
    }

    public InvalidDataException Missing(string name) =>
        new($"{path} lacks '{name}'; add it, or save the file again with the program that made it.");

    private JsonElement? Get(string name, JsonValueKind kind, string expected) =>
        Find(name) is not JsonElement value ? null : value.ValueKind == kind ? value : throw Wrong(name, value, expected);

    private JsonElement? Find(string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private InvalidDataException Wrong(string name, JsonElement value, string expected)
    {
        string text = value.GetRawText();
        return new InvalidDataException($"{path}: '{name}' is {(text.Length > 40 ? text[..40] + "…" : text)}; it must be {expected}.");
    }
}
