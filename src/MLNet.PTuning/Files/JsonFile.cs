// Reads a small JSON file whose top is an object.
using System.Text.Json;

namespace MLNet.PTuning.Files;

internal static class JsonFile
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

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
        return Parse(path, window.Bytes.ToArray());
    }

    /// <inheritdoc cref="ReadObject"/>
    public static JsonDocument Parse(string path, byte[] bytes)
    {
        ReadOnlyMemory<byte> json = bytes.AsMemory(bytes.AsSpan().StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0);
        JsonDocument document;
        try
        {
            CheckTexts(json.Span);
            document = JsonDocument.Parse(json);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException(
                $"{path} is not valid JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} of it); download it again.",
                error);
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDataException($"{path} holds text that is not valid Unicode; download it again.", error);
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;
        document.Dispose();
        throw new InvalidDataException($"{path} is not a JSON object; download it again.");
    }
    // A document takes any bytes between quotes, and then throws at whoever asks for the text.
    private static void CheckTexts(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
                reader.GetString();
        }
    }
}
