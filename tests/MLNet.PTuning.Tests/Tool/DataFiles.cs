// Data files of all tasks, of words that the tiny backbone tells apart.
using System.Text;
using System.Text.Json;

namespace MLNet.PTuning.Tests.Tool;

internal static class DataFiles
{
    private static readonly string[][] Telling = [["good", "great", "fine"], ["bad", "dull", "awful"]];
    private static readonly string[] Filler = ["the", "a", "film", "book", "was", "is", "and", "so", "it", "we", "saw"], Labels = ["pos", "neg"];

    /// <summary>Texts and their classes.</summary>
    public static IEnumerable<(string Text, string Label)> Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
            yield return ($"{string.Join(' ', random.GetItems(Filler, 2 + random.Next(5)))} {random.GetItems(Telling[i % 2], 1)[0]}", Labels[i % 2]);
    }

    /// <summary>CSV with a header.</summary>
    public static string Csv(int count, int seed = 1, char delimiter = ',') => "text" + delimiter + "label\n" + string.Concat(Rows(count, seed).Select(row => $"{row.Text}{delimiter}{row.Label}\n"));

    /// <summary>The label is the word that tells its class.</summary>
    public static string Conll(int count)
    {
        var file = new StringBuilder();
        foreach (var (text, label) in Rows(count))
        {
            foreach (string word in text.Split(' ')) file.Append($"{word} {(Telling[0].Contains(word) ? "B-GOOD" : Telling[1].Contains(word) ? "B-BAD" : "O")}\n");
            file.Append('\n');
        }
        return file.ToString();
    }

    /// <summary>JSON lines of a context, a question and the answer, its last word.</summary>
    public static string Questions(int count) => Lines(Rows(count).Select(row => new { context = row.Text, question = "is it", answer = row.Text.Split(' ')[^1] }));

    /// <summary>JSON lines of two choices, of which the one with a word of praise is right.</summary>
    public static string Choices(int count) => Lines(Rows(count).Select((row, i) => new { premise = "the film", choice1 = "it was " + Telling[i % 2][0], choice2 = "it was " + Telling[1 - i % 2][0], label = i % 2 }));

    /// <summary>JSON lines of a text and its ending.</summary>
    public static string Endings(int count) => Lines(Rows(count).Select(row => new { text = row.Text, target = row.Label == "pos" ? "very good day" : "awful meal" }));

    private static string Lines(IEnumerable<object> rows) => string.Concat(rows.Select(row => JsonSerializer.Serialize(row) + "\n"));
}
