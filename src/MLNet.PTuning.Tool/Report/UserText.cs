// Texts of data files in HTML: whatever is in them is shown as text and does nothing.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Tool.Report;

internal static class UserText
{
    /// <summary>Longest text that is shown whole, in characters (UTF-16 units).</summary>
    public const int Longest = 600;

    private const int FirstControlPicture = 0x2400, DeletePicture = 0x2421;

    /// <summary>
    /// A text for an element's content or a quoted attribute. Control characters become their pictures (NUL is ␀), except tabs and line ends, of which there is one kind;
    /// what is no character (halves of pairs) becomes U+FFFD.
    /// </summary>
    public static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length + text.Length / 8);
        foreach (var rune in text.Replace("\r\n", "\n").Replace('\r', '\n').EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&': escaped.Append("&amp;"); break;
                case '<': escaped.Append("&lt;"); break;
                case '>': escaped.Append("&gt;"); break;
                case '"': escaped.Append("&quot;"); break;
                case '\'': escaped.Append("&#39;"); break;
                case '\n' or '\t': escaped.Append((char)rune.Value); break;
                case < ' ': escaped.Append((char)(FirstControlPicture + rune.Value)); break;
                case 0x7F: escaped.Append((char)DeletePicture); break;
                case (>= 0x80 and < 0xA0) or (>= 0xFDD0 and <= 0xFDEF): escaped.Append('\uFFFD'); break;
                case var value when (value & 0xFFFE) == 0xFFFE: escaped.Append('\uFFFD'); break;
                default: escaped.Append(rune.ToString()); break;
            }
        }
        return escaped.ToString();
    }

    /// <summary>A text as an element of its own direction; a longer one is cut, and its length said.</summary>
    /// <param name="text">The text.</param>
    /// <param name="longest">Characters that are shown.</param>
    public static Markup Shown(string text, int longest = Longest) => HtmlText.Piece(html =>
    {
        string shown = Cut(text, longest);
        if (text.Length == 0) html.Line($"<i class=\"faint\">(empty)</i>");
        else if (shown.Length == text.Length) html.Line($"<bdi>{text}</bdi>");
        else html.Line($"<bdi>{shown}…</bdi> <i class=\"faint\">(cut; {text.Length.ToString("N0", CultureInfo.InvariantCulture)} characters)</i>");
    });

    /// <summary>A label: a text of which little is shown.</summary>
    public static Markup Label(string label) => Shown(label, longest: 60);

    // Neither a pair of surrogates nor a letter with its marks is taken apart.
    private static string Cut(string text, int longest)
    {
        if (text.Length <= longest) return text;
        int end = 0;
        while (end < longest && StringInfo.GetNextTextElementLength(text, end) is var length && end + length <= longest) end += length;
        return text[..(end > 0 ? end : longest)];
    }
}
