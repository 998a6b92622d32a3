// Splits text by a regular expression of a tokenizer.json, as the byte-level vocabularies of Llama 3, Qwen2 and SmolLM have it.
using System.Text;
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Text;

/// <summary>Each match is a word, and so is what stands between two matches.</summary>
/// <remarks>The pattern sees code points, as in Hugging Face's tokenizers: one beyond the basic plane is matched as another letter, number or sign that is in it.</remarks>
internal sealed class PatternSplitter(Regex pattern) : IWordSplitter
{
    // A letter, a number and a sign that no pattern names.
    private const char Letter = '\uA000', Number = '\u00B2', Sign = '\u2603';

    /// <exception cref="InvalidDataException">The pattern takes too long on this text.</exception>
    public IEnumerable<(int Start, int End)> Split(AlignedText text)
    {
        var points = new StringBuilder(text.Length);
        var starts = new List<int>(text.Length + 1);
        for (int at = 0, units; at < text.Length; at += units)
        {
            var rune = text.RuneAt(at, out units);
            points.Append(rune.IsBmp ? (char)rune.Value : Rune.IsLetter(rune) ? Letter : Rune.IsNumber(rune) ? Number : Sign);
            starts.Add(at);
        }
        starts.Add(text.Length);

        var words = new List<(int, int)>();
        int done = 0;
        try
        {
            foreach (var match in pattern.EnumerateMatches(points.ToString()))
            {
                Add(match.Index);
                Add(match.Index + match.Length);
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw new InvalidDataException($"The pattern '{pattern}' of {TokenizerJson.FileName} takes more than {pattern.MatchTimeout.TotalSeconds:0} seconds on a text of {text.Length} characters; the file is damaged, or its pattern does not suit this text.");
        }
        Add(starts.Count - 1);
        return words;

        void Add(int end)
        {
            if (end > done) words.Add((starts[done], starts[end]));
            done = end;
        }
    }
}

/// <summary>Splits by each splitter what the one before it has left.</summary>
internal sealed class SplitterSequence(IReadOnlyList<IWordSplitter> splitters) : IWordSplitter
{
    public IEnumerable<(int Start, int End)> Split(AlignedText text)
    {
        IEnumerable<(int Start, int End)> words = new WholeText().Split(text);
        foreach (var splitter in splitters)
            words = [.. words.SelectMany(word => splitter.Split(text.Slice(word.Start, word.End)).Select(part => (word.Start + part.Start, word.Start + part.End)))];
        return words;
    }
}
