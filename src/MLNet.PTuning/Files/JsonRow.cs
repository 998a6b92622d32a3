// A JSON object in a line of a file, or one inside it: its fields, of the types that are expected there.
using System.Text.Json;

namespace MLNet.PTuning.Files;

/// <param name="path">The file, for error messages.</param>
/// <param name="line">The line's number, counted from 1.</param>
/// <param name="place">Where in the line the object is.</param>
/// <param name="json">The object.</param>
internal readonly struct JsonRow(string path, int line, string place, JsonElement json)
{
    /// <summary>The place of an object that is the whole line.</summary>
    public const string WholeLine = "the row";

    private const int ShownLength = 40;

    /// <exception cref="InvalidDataException">There is no such field, or it is no text.</exception>
    public string Text(string name) => TextOf(name, Field(name), "a text");

    /// <summary>A whole number from 0.</summary>
    /// <exception cref="InvalidDataException">There is no such field, or it is no such number.</exception>
    public int Integer(string name) => Number(name, Field(name), "a whole number from 0");

    /// <exception cref="InvalidDataException">There is no such field, or it is no object.</exception>
    public JsonRow Object(string name) =>
        Field(name) is { ValueKind: JsonValueKind.Object } value ? new JsonRow(path, line, PlaceOf(name), value) : throw Wrong(name, "an object");

    /// <exception cref="InvalidDataException">There is no such field, or it is no array of objects.</exception>
    public IEnumerable<JsonRow> Objects(string name)
    {
        JsonElement list = Field(name);
        if (list.ValueKind != JsonValueKind.Array) throw Wrong(name, "an array of objects");
        int count = 0;
        foreach (JsonElement item in list.EnumerateArray())
            yield return item.ValueKind == JsonValueKind.Object ? new JsonRow(path, line, $"{PlaceOf(name)}[{count++}]", item) : throw Wrong(name, "an array of objects");
    }

    /// <summary>A text, or true or false as a text; null where the field is absent, null or an empty text.</summary>
    /// <exception cref="InvalidDataException">It is of another type.</exception>
    public string? OptionalClass(string name) => Find(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => TextOf(name, value, "a text, true or false") is { Length: > 0 } text ? text : null,
    };

    /// <summary>A whole number from 0; null where the field is absent or null.</summary>
    /// <exception cref="InvalidDataException">It is no such number.</exception>
    public int? OptionalInteger(string name) => Find(name) is { } value ? Number(name, value, "a whole number from 0") : null;

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    public InvalidDataException Missing(string name, string advice = "correct the line, or download the file again") => Error($"{place} has no '{name}'; {advice}");

    /// <summary>For a field whose value is not what it has to be.</summary>
    public InvalidDataException Wrong(string name, string expected)
    {
        string text = Find(name)?.GetRawText() ?? "null";
        return Error($"'{name}' of {place} is {(text.Length > ShownLength ? text[..ShownLength] + "…" : text)}; it must be {expected}");
    }

    public InvalidDataException Error(string what) => new(FormattableString.Invariant($"{path}, line {line}: {what}."));

    private string PlaceOf(string name) => place == WholeLine ? name : $"{place}.{name}";

    private JsonElement Field(string name) => Find(name) ?? throw Missing(name);

    private JsonElement? Find(string name)
    {
        try
        {
            return json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
        catch (InvalidOperationException)
        {
            throw Error($"a field's name in {place} is not valid Unicode; download the file again");
        }
    }

    private string TextOf(string name, JsonElement value, string expected)
    {
        if (value.ValueKind != JsonValueKind.String) throw Wrong(name, expected);
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error($"'{name}' of {place} is not valid Unicode; download the file again");
        }
    }

    private int Number(string name, JsonElement value, string expected) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 0 ? number : throw Wrong(name, expected);
}
