// The forms of data sets that the example reads.
using System.Text.Json;
using Microsoft.ML;
using MLNet.PTuning;

namespace NamedEntities;

/// <summary>A sentence with a tag a word.</summary>
internal sealed class TaggedSentence
{
    public string[] Words { get; set; } = [];

    public string[] Label { get; set; } = [];
}

internal static class Formats
{
    /// <summary>Makes rows with the columns Words and Label of a file.</summary>
    public static IReadOnlyDictionary<string, Func<MLContext, string, IDataView>> All { get; } = new Dictionary<string, Func<MLContext, string, IDataView>>
    {
        // A word first and its tag last in a line.
        ["conll"] = (ml, path) => ml.Data.LoadFromConll(path),
        // CoNLL-2003's own files, whose tags are IOB1.
        ["conll2003"] = (ml, path) => ml.Data.LoadFromConll(path, new ConllOptions { Scheme = TagScheme.Iob1, ConvertTo = TagScheme.Iob2 }),
        // WNUT-17: tabs, and words that may be anything.
        ["wnut"] = (ml, path) => ml.Data.LoadFromConll(path, new ConllOptions { Separator = ConllSeparator.Tab, Scheme = TagScheme.Iob2 }),
        // Weibo: a character and a digit, its index in a word.
        ["weibo"] = (ml, path) => ml.Data.LoadFromConll(path, new ConllOptions { HasSegmentationDigits = true }),
        // Universal dependencies: parts of speech.
        ["conllu"] = (ml, path) => ml.Data.LoadFromConll(path, ConllOptions.ConllU()),
        ["cluener"] = (ml, path) => ml.Data.LoadFromEnumerable(Cluener(path)),
    };

    // CLUENER: a JSON object a line with the text and, for each type and name, the first and last character of every mention. Characters are the words.
    private static IEnumerable<TaggedSentence> Cluener(string path) => File.ReadLines(path).Select((line, index) =>
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            string text = json.RootElement.GetProperty("text").GetString()!;
            var entities = json.RootElement.GetProperty("label").EnumerateObject()
                .SelectMany(type => type.Value.EnumerateObject().SelectMany(name => name.Value.EnumerateArray())
                    .Select(span => new TagSpan(span[0].GetInt32(), span[1].GetInt32() + 1, type.Name)))
                .OrderBy(span => span.Start);
            return new TaggedSentence { Words = [.. text.Select(c => c.ToString())], Label = Tags.FromSpans([.. entities], text.Length, TagScheme.Iob2) };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"{path}, line {index + 1}: {e.Message}", e);
        }
    });
}
