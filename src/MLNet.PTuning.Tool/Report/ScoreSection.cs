// The report's scores: of the model with confidence intervals, of the head alone, and of the majority class.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class ScoreSection
{
    public static ReportSection? Of(TrainingRun run, ReportFigures figures) => run.Scores is null ? null : new("scores", "Scores", html => Write(html, run, run.Scores, figures));

    private static void Write(HtmlText html, TrainingRun run, TestScores scores, ReportFigures figures)
    {
        string[] names = [.. scores.All.Keys, .. figures.Intervals.Keys.Where(name => !scores.All.ContainsKey(name))];
        html.Table("Scores on the test rows", ["model", .. names.Select(Shown.Name)],
        [
            [ReportParts.Plain("trained model"), .. names.Select(name => OfModel(name, scores, figures))],
            .. Others(run).Select(other => (IReadOnlyList<Markup>)[ReportParts.Plain(other.Name),
                .. names.Select(name => other.Scores.All.TryGetValue(name, out double value) ? Shown.Score(name, value) : ReportParts.Plain("–"))]),
        ]);
        if (figures.Intervals.Count > 0)
            html.Line($"<p class=\"note\">In brackets: 95% confidence intervals, from {Bootstrap.Resamples} resamples of the test rows drawn with seed {run.Seed} (bootstrap). They tell how far a score may be off because these rows were tested on and not others; another seed of training may change it as well.</p>");
        if (run.HeadOnly is not null) html.Line($"<p class=\"note\">Head alone: a classification head trained on the same frozen backbone without a prompt, with the default epochs and rate of a head. What the model has more is what its prompt adds.</p>");
        if (run.Majority is not null) html.Line($"<p class=\"note\">Majority: always predicting the training rows’ most frequent label, without reading.</p>");
    }

    private static Markup OfModel(string name, TestScores scores, ReportFigures figures) => HtmlText.Piece(html =>
    {
        var interval = figures.Intervals.GetValueOrDefault(name);
        html.Line($"{Shown.Score(name, scores.All.TryGetValue(name, out double value) ? value : interval!.Value)}");
        if (interval is not null) html.Line($"<small>[{Shown.Score(name, interval.Low)} – {Shown.Score(name, interval.High)}]</small>");
    });

    private static IEnumerable<(string Name, TestScores Scores)> Others(TrainingRun run)
    {
        if (run.HeadOnly is { } head) yield return ("head alone", head);
        if (run.Majority is { } majority) yield return ("majority", majority);
    }
}
