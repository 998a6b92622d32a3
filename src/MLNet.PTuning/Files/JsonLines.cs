// Reads a file of JSON objects, one a line, with memory for one line alone.
using System.Text;
using System.Text.Json;

namespace MLNet.PTuning.Files;

internal static class JsonLines
{
    /// <summary>The objects of a UTF-8 file in their order; blank lines are skipped, and the file is open for as long as they are enumerated.</summary>
    /// <exception cref="InvalidDataException">The file is empty, or a line is not UTF-8, no JSON object, or cut short; the message names it.</exception>
    public static IEnumerable<JsonRow> Read(string path)
    {
        bool isEmpty = true;
        foreach (var (number, text) in Utf8Lines.Read(path))
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            byte[] line = Encoding.UTF8.GetBytes(text);
            if (isEmpty && DownloadFault.Of(line) is { } fault) throw new InvalidDataException($"{path} {fault}");
            isEmpty = false;
            yield return new JsonRow(path, number, JsonRow.WholeLine, Parse(path, number, line));
        }
        if (isEmpty) throw new InvalidDataException($"{path} {DownloadFault.Of([])}");
    }

    private static JsonElement Parse(string path, int number, ReadOnlySpan<byte> line)
    {
        line = line.Trim(" \t"u8);
        if (line is not [(byte)'{', ..]) throw Error("is no JSON object; the file needs one in each line, such as {\"premise\": \"…\", \"label\": \"…\"}");
        // As if more could follow: so a line that ends too early is told from one that is no JSON.
        var reader = new Utf8JsonReader(line, isFinalBlock: false, default);
        try
        {
            if (!JsonElement.TryParseValue(ref reader, out JsonElement? value))
                throw Error("ends inside its JSON object: the file is cut short, or the object goes over several lines; download or copy the file again");
            int length = (int)reader.BytesConsumed;
            return length == line.Length ? value.Value : throw Error($"has more than one JSON object, from byte {length + 1}; write each in a line of its own");
        }
        catch (JsonException e)
        {
            throw Error($"is not JSON (byte {e.BytePositionInLine + 1} of it); download the file again, or correct the line");
        }

        InvalidDataException Error(string what) => new(FormattableString.Invariant($"{path}, line {number} {what}."));
    }
}
