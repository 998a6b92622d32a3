// Names and texts of data as C# literals and identifiers.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Tool.Code;

internal static class CSharpText
{
    private const int LongestIdentifier = 60;

    /// <summary>A text as a literal on one line. What cannot be seen, or changes how a line is shown, is written as its number.</summary>
    public static string Literal(string text)
    {
        var literal = new StringBuilder("\"");
        for (int i = 0; i < text.Length; i++)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                // Half of a surrogate pair.
                literal.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:X4}");
                continue;
            }
            i += rune.Utf16SequenceLength - 1;
            _ = rune.Value switch
            {
                '"' => literal.Append("\\\""),
                '\\' => literal.Append("\\\\"),
                '\n' => literal.Append("\\n"),
                '\r' => literal.Append("\\r"),
                '\t' => literal.Append("\\t"),
                _ when IsSeen(rune) => literal.Append(rune.ToString()),
                <= char.MaxValue => literal.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"),
                _ => literal.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
            };
        }
        return literal.Append('"').ToString();
    }

    /// <summary>A character as a literal.</summary>
    public static string Literal(char character) => character switch { '\'' => "'\\''", '"' => "'\"'", _ => $"'{Literal(character.ToString())[1..^1]}'" };

    /// <summary>Texts as a collection expression.</summary>
    public static string Literal(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Literal))}]";

    /// <summary>An identifier made of a name: its words with capitals (<c>ner_tags</c>: <c>NerTags</c>), so that it is no keyword; <paramref name="fallback"/> where it has no letter and no digit.</summary>
    public static string Identifier(string name, string fallback)
    {
        var identifier = new StringBuilder();
        bool beginsWord = true;
        foreach (char c in name)
        {
            bool isLetter = IsLetter(c);
            if (!isLetter && (identifier.Length == 0 || !IsMark(c)) && !IsDigit(c))
            {
                beginsWord = true;
                continue;
            }
            if (identifier.Length == 0 && !isLetter) identifier.Append('_');
            identifier.Append(beginsWord ? char.ToUpperInvariant(c) : c);
            beginsWord = false;
            if (identifier.Length == LongestIdentifier) break;
        }
        return identifier.Length == 0 ? fallback : identifier.ToString();
    }

    /// <summary>A name that is not taken: itself, or with the first number from 2 that makes it so. Takes it.</summary>
    public static string Unique(string identifier, ISet<string> taken)
    {
        string unique = identifier;
        for (int i = 2; !taken.Add(unique); i++) unique = identifier + i.ToString(CultureInfo.InvariantCulture);
        return unique;
    }

    private static bool IsSeen(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    // As the language's specification has it, of characters of one UTF-16 unit.
    private static bool IsLetter(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber;

    private static bool IsDigit(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.DecimalDigitNumber;

    private static bool IsMark(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
