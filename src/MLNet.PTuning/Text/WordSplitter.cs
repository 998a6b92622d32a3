// Splits plain text into the words that labels are given to, with their places in the text.
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>
/// Words are what stands between white space, without the punctuation at either end, which makes words of its own; a hyphen, dot or apostrophe inside
/// a word stays there. Chinese, Japanese and Korean ideographs are words of one character.
/// </summary>
internal static class WordSplitter
{
    /// <summary>Start and end of each word in UTF-16 units, in order.</summary>
    public static IReadOnlyList<(int Start, int End)> Split(string text)
    {
        var words = new List<(int Start, int End)>();
        for (int at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at])) { at++; continue; }
            int end = at;
            while (end < text.Length && !char.IsWhiteSpace(text[end])) end++;
            SplitRun(text, at, end, words);
            at = end;
        }
        return words;
    }

    // A run without white space: punctuation and ideographs each alone, the rest together, with inner punctuation kept inside.
    private static void SplitRun(string text, int start, int end, List<(int Start, int End)> words)
    {
        int word = -1, lastLetter = -1;
        for (int at = start; at < end;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at, end - at), out var rune, out int length);
            bool ideograph = IsIdeograph(rune.Value), punctuation = Rune.IsPunctuation(rune) || Rune.IsSymbol(rune);
            bool alone = ideograph || (punctuation && !(word >= 0 && JoinsInside(rune.Value) && NextIsLetter(text, at + length, end)));
            if (alone)
            {
                if (word >= 0) words.Add((word, lastLetter));
                words.Add((at, at + length));
                word = -1;
            }
            else if (word < 0) word = at;
            at += length;
            lastLetter = at;
        }
        if (word >= 0) words.Add((word, lastLetter));
    }

    private static bool JoinsInside(int rune) => rune is '\'' or '’' or '-' or '‐' or '.' or '_' or '@' or '&' or '/' or ',' or ':' or '+';

    private static bool NextIsLetter(string text, int at, int end) =>
        at < end && Rune.DecodeFromUtf16(text.AsSpan(at, end - at), out var next, out _) == System.Buffers.OperationStatus.Done
        && Rune.IsLetterOrDigit(next) && !IsIdeograph(next.Value);

    private static bool IsIdeograph(int rune) => rune is >= 0x3400 and <= 0x4DBF or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x3FFFF;
}
