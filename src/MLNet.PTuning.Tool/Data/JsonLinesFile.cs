// Files with a JSON object a line.
using System.Text.Json;

namespace MLNet.PTuning.Tool.Data;

internal sealed class JsonLinesFile : RowFile
{
    private const int MostRows = 300;

    private readonly TextSample _sample;
    private readonly Dictionary<string, int> _columns = [];

    private JsonLinesFile(TextSample sample) => _sample = sample;

    /// <summary>Takes the names of the first objects' fields as columns.</summary>
    public static JsonLinesFile Open(TextSample sample)
    {
        var names = new List<string>();
        int number = 0;
        foreach (string line in sample.Text.Split('\n').Take(MostRows))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            using var document = Parse(sample.Path, number, line);
            foreach (var property in document.RootElement.EnumerateObject())
                if (!names.Contains(property.Name)) names.Add(property.Name);
        }
        if (names.Count == 0) throw new BadInputException($"{sample.Path} has no fields in its objects; give a file with rows.");
        var file = new JsonLinesFile(sample) { Description = new DataFile(sample.Path, FileForm.JsonLines, sample.EncodingName, null, false, names), Notes = [$"{sample.Path}: a JSON object a line, {sample.EncodingName}."] };
        for (int i = 0; i < names.Count; i++) file._columns.Add(names[i], i);
        return file;
    }

    public override IEnumerable<FileRow> Read()
    {
        using var lines = new BoundedLines(_sample);
        while (lines.Next() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            using var document = Parse(Description.Path, lines.Number, line);
            var fields = new FieldValue[_columns.Count];
            foreach (var property in document.RootElement.EnumerateObject())
                if (_columns.TryGetValue(property.Name, out int column)) fields[column] = Value(property.Value);
            yield return Checked(new FileRow(lines.Number, fields));
        }
    }

    private static FieldValue Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => default,
        JsonValueKind.String => new(value.GetString()),
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Number) =>
            new(null, [.. value.EnumerateArray().Select(item => item.ToString())]),
        _ => new(value.GetRawText()),
    };

    private static JsonDocument Parse(string path, long number, string line)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 64 });
            // Strings are decoded where they are read: a half of a surrogate pair would show only there.
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                foreach (var property in document.RootElement.EnumerateObject()) _ = (property.Name, Value(property.Value));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new BadInputException($"{path}, line {number}{((e as JsonException)?.BytePositionInLine is { } at ? $", byte {at + 1}" : "")}: no JSON object; mend that line, and write one object a line.", e);
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        document.Dispose();
        throw new BadInputException($"{path}, line {number}: JSON, but no object; write one object a line, with a field for each column.");
    }
}
