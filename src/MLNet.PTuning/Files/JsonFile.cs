// Reads a JSON file whose root is an object, as Python's programs write them.
using System.Text.Json;

namespace MLNet.PTuning.Files;

internal static class JsonFile
{
    // Python's json module writes these where JSON has no number.
    private static readonly byte[][] PythonNumbers = ["NaN"u8.ToArray(), "Infinity"u8.ToArray(), "-Infinity"u8.ToArray()];

    /// <summary>The file's object. NaN, Infinity and -Infinity become strings of these names, so that what needs a number there reports it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is longer than <paramref name="maxLength"/> bytes, or not a JSON object.</exception>
    public static JsonDocument ReadObject(string path, int maxLength)
    {
        using var file = new MappedFile(path);
        if (file.Length > maxLength)
        {
            throw new InvalidDataException(
                $"{path} has {file.Length} bytes, more than the {maxLength} that such a file needs; download it again.");
        }
        using MappedFile.Window window = file.Map(0, (int)file.Length);
        if (DownloadFault.Of(window.Bytes) is { } fault)
            throw new InvalidDataException($"{path} {fault}");
        return Parse(path, TextFile.InUtf8(window.Bytes));
    }

    private static JsonDocument Parse(string path, byte[] json)
    {
        JsonDocument document;
        try
        {
            try
            {
                document = ParseStrictly(json);
            }
            catch (JsonException) when (WithStringsForPythonNumbers(json) is { } changed)
            {
                document = ParseStrictly(changed);
            }
        }
        // Without the cause, here and wherever a file is read: apps look for the innermost exception, for ML.NET wraps what goes wrong in loading, and the cause does not name the file.
        catch (JsonException error)
        {
            throw new InvalidDataException(
                $"{path} is not valid JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} of it); download it again.");
        }
        catch (InvalidOperationException)
        {
            throw new InvalidDataException($"{path} holds text that is not valid Unicode; download it again.");
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;
        document.Dispose();
        throw new InvalidDataException($"{path} is not a JSON object; download it again.");
    }

    // JsonDocument accepts any bytes between quotes, and throws only when the string is read.
    private static JsonDocument ParseStrictly(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
                reader.GetString();
        }
        return JsonDocument.Parse(json);
    }

    // Null where there is none.
    private static byte[]? WithStringsForPythonNumbers(byte[] json)
    {
        var changed = new List<byte>(json.Length + 16);
        bool isInString = false;
        for (int at = 0; at < json.Length; at++)
        {
            ReadOnlySpan<byte> rest = json.AsSpan(at);
            byte[]? number = isInString ? null : Array.Find(PythonNumbers, n => json.AsSpan(at).StartsWith(n));
            if (number is not null)
            {
                changed.AddRange([(byte)'"', .. number, (byte)'"']);
                at += number.Length - 1;
                continue;
            }
            changed.Add(rest[0]);
            if (rest[0] == (byte)'"') isInString = !isInString;
            // An escaped quote does not end the string.
            if (isInString && rest[0] == (byte)'\\' && rest.Length > 1) changed.Add(json[++at]);
        }
        return changed.Count == json.Length ? null : [.. changed];
    }
}
