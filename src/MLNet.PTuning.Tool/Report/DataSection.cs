// The report's data: files, columns, rows, classes, and what a reader should know of them.
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class DataSection
{
    private const int ClassesShown = 50;

    public static ReportSection Of(TrainingRun run) => new("data", "Data", html => Write(html, run, run.Data));

    private static void Write(HtmlText html, TrainingRun run, DataSummary data)
    {
        foreach (string warning in data.Warnings) html.Line($"<p class=\"warning\">{UserText.Shown(warning)}</p>");
        html.List(
        [
            ("training file", FileOf(data.TrainingFile)),
            .. data.TestFile is { } test ? [("test file", FileOf(test))] : Array.Empty<(string, Markup)>(),
            .. data.TestShare is { } share ? [("test rows", HtmlText.Piece(p => p.Line($"{Shown.Percent(share)} of the file, chosen by the seed")))] : Array.Empty<(string, Markup)>(),
        ]);
        html.Table("Rows", ["", "rows"], new (string Name, int Count)[]
        {
            ("trained on", data.TrainingRows), ("tested on", data.TestRows), ("left out, without a label or a text", data.SkippedRows), ("repeated in the training rows", data.DuplicateRows),
            ("repeated with another label", data.ContradictingRows), ("test rows that training rows have too", data.SharedRows),
        }.Select(row => (IReadOnlyList<Markup>)[ReportParts.Plain(row.Name), Shown.Count(row.Count)]));
        html.Table("Columns", ["read as", "column of the file", "why", "to name another"], data.Columns.Select(column => (IReadOnlyList<Markup>)
            [ReportParts.Plain(column.Input), UserText.Label(column.Column), ReportParts.Plain(column.Reason is { } reason ? $"guessed: {reason}" : "named on the command line"), HtmlText.Piece(p => p.Line($"<code>{column.Option}</code>"))]));
        Classes(html, run, data.Classes);
    }

    private static void Classes(HtmlText html, TrainingRun run, IReadOnlyList<ClassRows> classes)
    {
        if (classes.Count == 0) return;
        string what = run.Task == TaskKind.Label ? "words" : "rows";
        int most = Math.Max(1, classes.Max(c => Math.Max(c.Training, c.Test)));
        html.Table($"Classes by their {what}", ["class", $"training {what}", "test", ""], classes.Take(ClassesShown).Select(c => (IReadOnlyList<Markup>)
            [UserText.Label(c.Label), Shown.Count(c.Training), Shown.Count(c.Test), new Markup(FormattableString.Invariant($"<span class=\"bar\" style=\"--share:{(double)c.Training / most:f4}\"></span>"))]));
        if (classes.Count > ClassesShown) html.Line($"<p class=\"note\">The {ClassesShown} most frequent of {classes.Count} classes; metrics.json has all.</p>");
    }

    private static Markup FileOf(DataFile file) => HtmlText.Piece(html =>
    {
        html.Line($"{UserText.Shown(file.Path)} <small>{FormOf(file)}, {file.Encoding}</small>");
    });

    private static string FormOf(DataFile file) => file.Form switch
    {
        FileForm.Delimited => $"fields separated by {file.DelimiterName}, {(file.HasHeader ? "columns named by the first line" : "without a header")}",
        FileForm.JsonLines => "JSON lines",
        FileForm.Conll => "CoNLL",
        _ => "SQuAD",
    };
}
