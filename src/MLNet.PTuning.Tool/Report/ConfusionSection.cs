// The report's confusion matrix, as a table whose cells are the darker the more of a class's rows they hold.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class ConfusionSection
{
    private const int ClassesShown = 20, ConfusionsShown = 15;

    public static ReportSection? Of(TrainingRun run, ReportFigures figures) => figures.Confusion.Count == 0 ? null : new("confusion", "Confusion matrix", html => Write(html, run, figures.Confusion));

    private static void Write(HtmlText html, TrainingRun run, IReadOnlyList<ConfusionCell> cells)
    {
        string rows = run.Task == TaskKind.Label ? "words" : "rows";
        var support = cells.GroupBy(c => c.Gold).ToDictionary(group => group.Key, group => group.Sum(c => c.Count));
        string[] all = [.. run.ClassNames.Concat(cells.SelectMany(c => new[] { c.Gold, c.Predicted })).Distinct()];
        var shown = all.Length <= ClassesShown ? all.ToHashSet() : all.OrderByDescending(label => support.GetValueOrDefault(label)).Take(ClassesShown).ToHashSet();
        string[] labels = [.. all.Where(shown.Contains)];
        bool hasOthers = labels.Length < all.Length;
        html.Line($"<p>Down: the gold label. Across: what the model predicts. The darker a cell, the larger its share of the line’s {rows}; a perfect model fills the diagonal alone.</p>");
        Matrix(html, rows, [.. labels, .. hasOthers ? [null] : Array.Empty<string?>()], Folded(cells, shown));
        if (hasOthers)
            html.Line($"<p class=\"note\">The {ClassesShown} classes with the most test {rows}, of {all.Length}; the others are counted together. metrics.json has all.</p>");
        ConfusionCell[] confusions = [.. cells.Where(c => c.Gold != c.Predicted)];
        if (all.Length <= 2 || confusions.Length == 0) return;
        html.Table("Most frequent confusions", ["gold label", "predicted", rows, "of the gold label’s"], confusions.Take(ConfusionsShown).Select(c => (IReadOnlyList<Markup>)
            [UserText.Label(c.Gold), UserText.Label(c.Predicted), Shown.Count(c.Count), ReportParts.Plain(Share(c.Count, support[c.Gold]))]));
        if (confusions.Length > ConfusionsShown) html.Line($"<p class=\"note\">{ConfusionsShown} of {confusions.Length}; metrics.json has all.</p>");
    }

    // Counts by gold and predicted label, null for all that are not shown.
    private static Dictionary<(string? Gold, string? Predicted), int> Folded(IReadOnlyList<ConfusionCell> cells, HashSet<string> shown) => cells
        .GroupBy(c => (Gold: shown.Contains(c.Gold) ? c.Gold : null, Predicted: shown.Contains(c.Predicted) ? c.Predicted : null))
        .ToDictionary(group => group.Key, group => group.Sum(c => c.Count));

    private static void Matrix(HtmlText html, string rows, string?[] labels, Dictionary<(string?, string?), int> counts)
    {
        html.Line($"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Confusion matrix\"><table class=\"heat{ReportParts.Plain(labels.Length > 6 ? " many" : "")}\"><caption>Test {rows} by gold and predicted label</caption>");
        html.Line($"<thead><tr><td></td>");
        foreach (string? label in labels) html.Line($"<th scope=\"col\"><span>{Name(label)}</span></th>");
        html.Line($"</tr></thead><tbody>");
        foreach (string? gold in labels)
        {
            int all = labels.Sum(predicted => counts.GetValueOrDefault((gold, predicted)));
            html.Line($"<tr><th scope=\"row\">{Name(gold)}</th>");
            foreach (string? predicted in labels)
            {
                int count = counts.GetValueOrDefault((gold, predicted));
                string style = FormattableString.Invariant($"--share:{(double)count / Math.Max(1, all):f4}");
                html.Line($"<td style=\"{style}\"{ReportParts.Plain(count == 0 ? " class=none" : "")}>{count}</td>");
            }
            html.Line($"</tr>");
        }
        html.Line($"</tbody></table></div>");
    }

    private static Markup Name(string? label) => label is null ? new Markup("<i>others</i>") : UserText.Shown(label, longest: 24);

    private static string Share(int count, int all) => FormattableString.Invariant($"{100.0 * count / all:f1}%");
}
