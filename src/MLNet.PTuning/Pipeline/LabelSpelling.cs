// Finds labels that are most likely one class written in several ways.
using System.Globalization;

namespace MLNet.PTuning.Pipeline;

internal static class LabelSpelling
{
    private const int Named = 3;

    /// <summary>What to warn of where classes differ in case, blanks or characters that are not seen alone; null for nothing.</summary>
    public static string? Warning(IEnumerable<string> classes)
    {
        string[][] alike = [.. classes.GroupBy(Bare).Where(group => group.Key.Length > 0 && group.Count() > 1).Select(group => group.ToArray())];
        return alike.Length == 0 ? null
            : $"The labels {string.Join("; ", alike.Take(Named).Select(group => string.Join(" and ", group.Select(Visible))))}{(alike.Length > Named ? $" and {alike.Length - Named} more" : "")} "
                + "differ in case or blanks alone and are classes of their own. If they are one class, correct the rows (TextLoader.Options.TrimWhitespace takes blanks off).";
    }

    private static string Bare(string name) => string.Concat(name.Where(c => !char.IsWhiteSpace(c) && !IsUnseen(c))).ToUpperInvariant();

    private static bool IsUnseen(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format;

    private static string Visible(string name) =>
        $"'{string.Concat(name.Select(c => c != ' ' && (char.IsWhiteSpace(c) || IsUnseen(c)) ? FormattableString.Invariant($"\\u{(int)c:X4}") : c.ToString()))}'";
}
