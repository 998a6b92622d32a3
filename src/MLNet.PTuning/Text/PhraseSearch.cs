// Finds a phrase in a text by the index of its first word, which may be a little off.
using System.Globalization;

namespace MLNet.PTuning.Text;

internal static class PhraseSearch
{
    /// <summary>
    /// The place of whole words of a text that are the phrase's, whatever their case and the white space and punctuation between and around them: at the index, else the
    /// nearest, and of two as near the first. Where the phrase is nowhere, the nearest place of its words in their order with other text between them.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="phrase">The phrase.</param>
    /// <param name="word">The index of its first word among those that white space separates.</param>
    /// <returns>From the first letter to after the last, in UTF-16 code units; null where there is none.</returns>
    public static (int Start, int End)? Find(string text, string phrase, int word)
    {
        if (!phrase.Any(IsLetter)) return null;
        return Nearest(text, [phrase], word) ?? Nearest(text, [.. phrase.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(part => part.Any(IsLetter))], word);
    }

    private static (int Start, int End)? Nearest(string text, string[] parts, int word)
    {
        (int Start, int End)? nearest = null;
        long distance = long.MaxValue;
        int number = -1;
        for (int at = 0; at < text.Length; at++)
        {
            if (!char.IsWhiteSpace(text[at]) && (at == 0 || char.IsWhiteSpace(text[at - 1]))) number++;
            long difference = Math.Abs((long)number - word);
            if (difference < distance && EndOf(text, at, parts) is { } end) (nearest, distance) = ((at, end), difference);
        }
        return nearest;
    }

    // The end of parts that begin here, other text between them; null where one is missing.
    private static int? EndOf(string text, int start, string[] parts)
    {
        int? end = EndOf(text, start, parts[0]);
        for (int i = 1; i < parts.Length && end is not null; i++)
        {
            int at = end.Value;
            for (end = null; at < text.Length && end is null; at++) end = EndOf(text, at, parts[i]);
        }
        return end;
    }

    // The end of a part that begins here with whole words; null where it does not.
    private static int? EndOf(string text, int start, string part)
    {
        if (!IsLetter(text[start]) || (start > 0 && IsLetter(text[start - 1]))) return null;
        int at = start;
        foreach (char letter in part.Where(IsLetter))
        {
            while (at < text.Length && !IsLetter(text[at])) at++;
            if (at == text.Length || char.ToLowerInvariant(text[at]) != char.ToLowerInvariant(letter)) return null;
            at++;
        }
        return at == text.Length || !IsLetter(text[at]) ? at : null;
    }

    // Digits, accents on their own and surrogates are parts of words as letters are.
    private static bool IsLetter(char c) =>
        char.IsLetterOrDigit(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
