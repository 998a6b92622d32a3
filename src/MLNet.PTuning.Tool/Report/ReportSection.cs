// A part of the report, and what the parts have in common.
namespace MLNet.PTuning.Tool.Report;

/// <summary>A part of the report.</summary>
/// <param name="Id">Its anchor.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Write">Writes what stands below the heading.</param>
internal sealed record ReportSection(string Id, string Title, Action<HtmlText> Write);

internal static class ReportParts
{
    /// <summary>A table that scrolls sideways where the screen is narrow.</summary>
    /// <param name="html">The page.</param>
    /// <param name="caption">What it shows, read out before it.</param>
    /// <param name="heads">Headings of the columns.</param>
    /// <param name="rows">Cells, the first of each row being its heading.</param>
    public static void Table(this HtmlText html, string caption, IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<Markup>> rows)
    {
        html.Line($"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\"><table><caption>{caption}</caption>");
        html.Line($"<thead><tr>{HtmlText.Piece(head => { foreach (string h in heads) head.Line($"<th scope=\"col\">{h}</th>"); })}</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Line($"<tr><th scope=\"row\">{row[0]}</th>");
            foreach (var cell in row.Skip(1)) html.Line($"<td>{cell}</td>");
            html.Line($"</tr>");
        }
        html.Line($"</tbody></table></div>");
    }

    /// <summary>Names with what they stand for.</summary>
    public static void List(this HtmlText html, IEnumerable<(string Name, Markup Value)> entries)
    {
        html.Line($"<dl>");
        foreach (var (name, value) in entries) html.Line($"<div><dt>{name}</dt><dd>{value}</dd></div>");
        html.Line($"</dl>");
    }

    /// <summary>A plot with the meaning of its colors below.</summary>
    public static void Figure(this HtmlText html, Markup plot, params (PlotInk Ink, string Form, string Meaning)[] key)
    {
        html.Line($"<figure>{plot}<figcaption>");
        foreach (var (ink, form, meaning) in key) html.Line($"<span class=\"key ink{(int)ink + 1} {form}\">{meaning}</span>");
        html.Line($"</figcaption></figure>");
    }

    /// <summary>A text without markup of its own.</summary>
    public static Markup Plain(string text) => HtmlText.Piece(html => html.Line($"{text}"));
}
