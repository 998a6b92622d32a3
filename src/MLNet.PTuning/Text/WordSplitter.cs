// Splits plain text into the words that labels are given to, with their offsets in the text.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>Words of a text. What a reader sees as one character, such as an emoji of several code points or a letter with its accents, is never cut.</summary>
internal static class WordSplitter
{
    /// <summary>Start and end of each word in UTF-16 units, in order.</summary>
    public static IReadOnlyList<(int Start, int End)> Split(string text, WordSplitting splitting = WordSplitting.Punctuation)
    {
        var words = new List<(int Start, int End)>();
        for (int at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at])) { at++; continue; }
            int end = at;
            while (end < text.Length && !char.IsWhiteSpace(text[end])) end++;
            if (splitting == WordSplitting.WhiteSpace) words.Add((at, end));
            else SplitRun(text.AsSpan(0, end), at, words);
            at = end;
        }
        return words;
    }

    // A run without white space: punctuation and ideographs each alone, the rest together, with what joins letters kept inside.
    private static void SplitRun(ReadOnlySpan<char> text, int start, List<(int Start, int End)> words)
    {
        int word = -1;
        Rune last = default;
        for (int at = start; at < text.Length;)
        {
            int end = at + CharacterLength(text[at..]);
            Rune rune = RuneAt(text, at);
            bool joins = word >= 0 && end < text.Length && end - at == rune.Utf16SequenceLength && Joins(last, rune, RuneAt(text, end));
            if (IsIdeograph(rune) || ((Rune.IsPunctuation(rune) || Rune.IsSymbol(rune)) && !joins))
            {
                if (word >= 0) words.Add((word, at));
                words.Add((at, end));
                word = -1;
            }
            else if (word < 0) word = at;
            (at, last) = (end, rune);
        }
        if (word >= 0) words.Add((word, text.Length));
    }

    // Units of the grapheme cluster (Unicode's UAX 29) that a text begins with.
    private static int CharacterLength(ReadOnlySpan<char> text) =>
        text.Length == 1 || (char.IsAscii(text[0]) && char.IsAscii(text[1])) ? 1 : StringInfo.GetNextTextElementLength(text);

    private static bool Joins(Rune before, Rune mark, Rune after) => Rune.IsLetterOrDigit(after) && !IsIdeograph(after) && mark.Value switch
    {
        '\'' or '’' or '-' or '‐' or '.' or '_' or '@' or '&' or '/' or ':' or '+' => true,
        ',' => Rune.IsDigit(before) && Rune.IsDigit(after),
        _ => false,
    };

    // What is no character, such as half of a surrogate pair, is U+FFFD.
    private static Rune RuneAt(ReadOnlySpan<char> text, int at)
    {
        Rune.DecodeFromUtf16(text[at..], out var rune, out _);
        return rune;
    }

    private static bool IsIdeograph(Rune rune) =>
        rune.Value is >= 0x3400 and <= 0x4DBF or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x3FFFF;
}
