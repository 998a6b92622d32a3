// Splits text as GPT-2 does: English clitics, runs of letters, of digits, of other signs, each with the one blank before it; other blanks alone.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>
/// The words of the pattern <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c> over code points; .NET's Regex
/// sees UTF-16 units, to which letters beyond the basic plane are no letters.
/// </summary>
internal sealed class ByteLevelWordSplitter : IWordSplitter
{
    private enum Kind
    {
        End,
        Blank,
        Letter,
        Digit,
        Other,
    }

    public IEnumerable<(int Start, int End)> Split(AlignedText text)
    {
        for (int at = 0; at < text.Length;)
        {
            int end = WordEnd(text.Units, at);
            yield return (at, end);
            at = end;
        }
    }

    private static int WordEnd(ReadOnlySpan<char> text, int at)
    {
        if (text[at] == '\'' && CliticLength(text[at..]) is > 0 and int clitic) return at + clitic;
        int first = text[at] == ' ' ? at + 1 : at;
        Kind kind = KindAt(text, first, out int units);
        if (kind > Kind.Blank)
        {
            int end = first + units;
            while (KindAt(text, end, out units) == kind) end += units;
            return end;
        }
        // Blanks: all of them at the end, otherwise all but the last, which belongs to what follows.
        int blanks = at;
        while (KindAt(text, blanks, out units) == Kind.Blank) blanks += units;
        return blanks == text.Length || blanks == at + 1 ? blanks : blanks - 1;
    }

    private static int CliticLength(ReadOnlySpan<char> text)
    {
        if (text.Length > 1 && text[1] is 's' or 't' or 'm' or 'd') return 2;
        return text.StartsWith("'re") || text.StartsWith("'ve") || text.StartsWith("'ll") ? 3 : 0;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int at, out int units)
    {
        units = 0;
        if (at >= text.Length) return Kind.End;
        Rune.DecodeFromUtf16(text[at..], out Rune rune, out units);
        if (Rune.IsWhiteSpace(rune)) return Kind.Blank;
        if (Rune.IsLetter(rune)) return Kind.Letter;
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
            ? Kind.Digit
            : Kind.Other;
    }
}
