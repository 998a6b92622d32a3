// Texts of made-up words over a backbone's vocabulary: frequent words more often, some of several pieces, with capitals and punctuation.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.MicroBenchmarks;

internal static class SampleTexts
{
    /// <summary>The backbone that the benchmarks run on.</summary>
    public static string Backbone { get; } = Path.Combine(AppContext.BaseDirectory, "backbones", "tiny-bert-en");

    /// <summary>So many texts of so many words, the same in every run.</summary>
    public static string[] Make(int count, int words)
    {
        string[] vocabulary = [.. File.ReadLines(Path.Combine(Backbone, BertFolder.VocabularyFile)).Where(piece => piece.All(c => char.IsLetter(c) || c == '#'))];
        string[] starts = [.. vocabulary.Where(piece => !piece.StartsWith('#'))], rests = [.. vocabulary.Where(piece => piece.StartsWith("##", StringComparison.Ordinal)).Select(piece => piece[2..])];
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, words).Select(Word)))];

        string Word(int index)
        {
            string word = Frequent(starts);
            // Every sixth word is one that the vocabulary has only in pieces.
            if (random.Next(6) == 0) word += Frequent(rests);
            if (index == 0 || random.Next(12) == 0) word = char.ToUpperInvariant(word[0]) + word[1..];
            return index == words - 1 ? word + "." : random.Next(10) == 0 ? word + "," : word;
        }

        // The vocabulary lists frequent pieces first.
        string Frequent(string[] pieces) => pieces[(int)(pieces.Length * Math.Pow(random.NextDouble(), 3))];
    }
}
