// Finds labels that are most likely one class written in several ways.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Pipeline;

internal static class LabelSpelling
{
    private const int Named = 3;

    /// <summary>What to warn of where classes differ in case, in blanks and characters that are not seen, or in Unicode's spelling alone; null for nothing.</summary>
    public static string? Warning(IEnumerable<string> classes)
    {
        string[][] alike = [.. classes.GroupBy(Bare).Where(group => group.Key.Length > 0 && group.Count() > 1).Select(group => group.ToArray())];
        return alike.Length == 0 ? null
            : $"The labels {string.Join("; ", alike.Take(Named).Select(Visible))}{(alike.Length > Named ? $" and {alike.Length - Named} more" : "")} "
                + "differ in case, blanks or spelling alone and are classes of their own. If they are one class, correct the rows (TextLoader.Options.TrimWhitespace takes blanks off).";
    }

    private static string Bare(string name) => OneSpelling(string.Concat(name.Where(c => !char.IsWhiteSpace(c) && !IsUnseen(c)))).ToUpperInvariant();

    // Letters with accents have two spellings, and Latin letters and digits a wide one.
    private static string OneSpelling(string name)
    {
        try { return name.Normalize(NormalizationForm.FormKC); }
        catch (ArgumentException) { return name; }
    }

    private static bool IsUnseen(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format;

    // What cannot be told apart by looking at it is written as numbers.
    private static string Visible(string[] alike)
    {
        bool isAscii = alike.Select(OneSpelling).Distinct().Count() < alike.Length;
        return string.Join(" and ", alike.Select(name => $"'{string.Concat(name.Select(c =>
            c != ' ' && (char.IsWhiteSpace(c) || IsUnseen(c) || (isAscii && !char.IsAscii(c))) ? FormattableString.Invariant($"\\u{(int)c:X4}") : c.ToString()))}'"));
    }
}
