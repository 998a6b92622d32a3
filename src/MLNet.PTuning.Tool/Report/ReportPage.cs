// report.html: one page of all sections, with its style inside and without a reference to anything else.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class ReportPage
{
    // Even if a text of the data were taken for markup, nothing is fetched and nothing runs.
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    private static readonly Lazy<string> Style = new(() =>
    {
        using var reader = new StreamReader(typeof(ReportPage).Assembly.GetManifestResourceStream("report.css")!);
        return reader.ReadToEnd();
    });

    /// <summary>The page of a run. The same run gives the same page.</summary>
    public static string Of(TrainingRun run, ReportFigures figures)
    {
        ReportSection[] sections = [.. new[]
        {
            ScoreSection.Of(run, figures), DataSection.Of(run), CurveSection.Of(run), ConfusionSection.Of(run, figures), LabelSection.Of(run, figures), CalibrationSection.Of(run, figures),
            MistakeSection.Of(run, figures), SearchSection.Of(run), SettingsSection.Of(run),
        }.OfType<ReportSection>()];
        var html = new HtmlText();
        html.Line($"<!DOCTYPE html>");
        html.Line($"<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">");
        html.Line($"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">");
        html.Line($"<title>{run.Name}: report of training</title><style>{new Markup(Style.Value)}</style></head><body><main>");
        html.Line($"<header><h1>{run.Name}</h1><p>{TaskOf(run.Task)}</p>");
        Headline(html, run, figures);
        html.Line($"<nav aria-label=\"Sections\">");
        foreach (var section in sections) html.Line($"<a href=\"#{section.Id}\">{section.Title}</a>");
        html.Line($"</nav></header>");
        foreach (var section in sections)
        {
            html.Line($"<section id=\"{section.Id}\" aria-labelledby=\"{section.Id}-heading\"><h2 id=\"{section.Id}-heading\">{section.Title}</h2>");
            section.Write(html);
            html.Line($"</section>");
        }
        html.Line($"</main></body></html>");
        return html.ToString();
    }

    private static void Headline(HtmlText html, TrainingRun run, ReportFigures figures)
    {
        if (run.Scores is not { } scores)
        {
            html.Line($"<p>There are no test rows, so nothing is known of how good the model is. Give a file with <code>--test</code>, or a share with <code>--test-share</code>.</p>");
            return;
        }
        html.Line($"<div class=\"tiles\"><p class=\"tile main\"><b>{Shown.Score(scores.Main, scores.Value)}</b> {Shown.Name(scores.Main)} on {Shown.Count(run.TestRows.Count)} test rows");
        if (figures.Intervals.GetValueOrDefault(scores.Main) is { } interval)
            html.Line($"<small>95% confidence: {Shown.Score(scores.Main, interval.Low)} to {Shown.Score(scores.Main, interval.High)}</small>");
        html.Line($"</p>");
        foreach (var (name, other) in new[] { ("head alone", run.HeadOnly), ("majority", run.Majority) })
            if (other?.All.TryGetValue(scores.Main, out double value) is true) html.Line($"<p class=\"tile\"><b>{Shown.Score(scores.Main, value)}</b> {name}</p>");
        html.Line($"</div>");
    }

    private static string TaskOf(TaskKind task) => task switch
    {
        TaskKind.Classify => "Report of training a classifier of texts",
        TaskKind.Label => "Report of training a model that labels words",
        TaskKind.Answer => "Report of training a model that answers questions",
        TaskKind.Choose => "Report of training a model that chooses",
        _ => "Report of training a prompt that continues texts",
    };
}
