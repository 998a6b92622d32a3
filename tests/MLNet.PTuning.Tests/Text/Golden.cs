// Recorded outputs of Hugging Face's tokenizers, and the comparison of ours with a line of them.
using System.Text.Json;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

internal static class Golden
{
    /// <summary>The lines of a file on which <paramref name="tokenizer"/> gives something else, with what: empty where all agree.</summary>
    public static List<string> Differences(TextTokenizer tokenizer, string file, bool spaced = true)
    {
        string[] lines = File.ReadAllLines(file);
        Assert.NotEmpty(lines);
        return [.. lines.Select(line => Difference(tokenizer, JsonSerializer.Deserialize<JsonElement>(line), spaced)).OfType<string>()];
    }

    private static string? Difference(TextTokenizer tokenizer, JsonElement line, bool spaced)
    {
        IReadOnlyList<Piece> first = line.TryGetProperty("words", out JsonElement words)
            ? tokenizer.PiecesOfWords([.. words.EnumerateArray().Select(w => w.GetString()!)], spaced)
            : tokenizer.Pieces(line.GetProperty("text").GetString()!);
        IReadOnlyList<Piece>? second = line.TryGetProperty("pair", out JsonElement pair) ? tokenizer.Pieces(pair.GetString()!) : null;
        int maxLength = line.TryGetProperty("max_length", out JsonElement length) ? length.GetInt32() : int.MaxValue;
        Encoded encoded = tokenizer.Join(first, second, maxLength);

        int[][] offsets = new int[encoded.Ids.Length][];
        int?[] wordIds = new int?[encoded.Ids.Length];
        Array.Fill(offsets, [0, 0]);
        Fill(encoded.First, first, offsets, wordIds);
        Fill(encoded.Second, second ?? [], offsets, wordIds);

        string[] fields = ["ids", "type_ids", "offsets", "word_ids"];
        object[] actual = [encoded.Ids, encoded.Types, offsets, wordIds];
        var different = fields.Zip(actual).Where(f => line.GetProperty(f.First).GetRawText() != JsonSerializer.Serialize(f.Second)).ToList();
        return different.Count == 0
            ? null
            : $"{line.GetProperty("i")} {(words.ValueKind == JsonValueKind.Array ? words : line.GetProperty("text")).GetRawText()}: "
                + string.Join("; ", different.Select(f => $"{f.First} {line.GetProperty(f.First).GetRawText()} but {JsonSerializer.Serialize(f.Second)}"));
    }

    private static void Fill(Range range, IReadOnlyList<Piece> pieces, int[][] offsets, int?[] wordIds)
    {
        for (int k = 0, at = range.Start.Value; at < range.End.Value; k++, at++)
            (offsets[at], wordIds[at]) = ([pieces[k].Start, pieces[k].End], pieces[k].Word);
    }
}
