// A part of a JSON file that knows where in the file it is, so that every error names the file and the part.
using System.Text.Json;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Text;

internal readonly struct JsonPart(JsonElement element, string location)
{
    /// <summary>Ids index arrays; no vocabulary comes near this.</summary>
    public const int LargestId = 10_000_000;

    // The largest tokenizer.json of published encoders has some 35 MB.
    private const int LargestFile = 1 << 28;

    public static JsonPart Read(string path)
    {
        using JsonDocument document = JsonFile.ReadObject(path, LargestFile);
        return new JsonPart(document.RootElement.Clone(), path);
    }

    public JsonPart this[string name] => Optional(name) ?? throw Error($"lacks '{name}'");

    /// <summary>Null where there is no such member, or null is written.</summary>
    public JsonPart? Optional(string name)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Error("must be an object");
        return element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new JsonPart(value, $"{location}: {name}")
            : null;
    }

    public string Text
    {
        get
        {
            if (element.ValueKind != JsonValueKind.String) throw Error("must be a text");
            try
            {
                return element.GetString()!;
            }
            catch (InvalidOperationException e)
            {
                throw Error($"is no valid text ({e.Message})");
            }
        }
    }

    public int Id => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int id) && id is >= 0 and <= LargestId
        ? id
        : throw Error($"must be an id (0 to {LargestId})");

    public double Number => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double number)
        ? number
        : throw Error("must be a number");

    public bool IsText => element.ValueKind == JsonValueKind.String;

    public bool IsList => element.ValueKind == JsonValueKind.Array;

    public string? OptionalText(string name) => Optional(name)?.Text;

    public bool Flag(string name, bool whenAbsent = false) => Optional(name) is not { } flag ? whenAbsent : flag.IsTrue;

    private bool IsTrue => element.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? element.GetBoolean()
        : throw Error("must be true or false");

    public IEnumerable<JsonPart> Items
    {
        get
        {
            if (!IsList) throw Error("must be a list");
            string at = location;
            return element.EnumerateArray().Select((item, i) => new JsonPart(item, $"{at}[{i}]"));
        }
    }

    /// <summary>The members of a map of texts to ids.</summary>
    public Dictionary<string, int> Ids
    {
        get
        {
            if (element.ValueKind != JsonValueKind.Object) throw Error("must map pieces to ids");
            var ids = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (JsonProperty member in element.EnumerateObject()) ids[member.Name] = new JsonPart(member.Value, $"{location}: {member.Name}").Id;
            return ids.Count > 0 ? ids : throw Error("is empty");
        }
    }

    /// <summary>For a part that is valid and not supported here.</summary>
    public NotSupportedException NotSupported(string what) =>
        new($"'{location}' {what}. Take a model whose tokenizer has other parts, or remove the file where the folder has the tokenizer in another form too.");

    public InvalidDataException Error(string what) => new($"'{location}' {what}; download the file again or take another model.");
}
