// The report's search: the trials' scores over their learning rates.
using System.Globalization;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class SearchSection
{
    private const int TrialsShown = 30, RatesNamed = 8;

    public static ReportSection? Of(TrainingRun run) => run.Search is not { Trials.Count: > 0 } search ? null : new("search", "Search", html => Write(html, search));

    private static void Write(HtmlText html, SearchReport search)
    {
        SearchTrial[] scored = [.. search.Trials.Where(trial => trial.Score is not null)];
        html.Line($"<p>{search.Trials.Count} trials in {Shown.Duration(search.Seconds)}, scored on rows held out of the training rows{(scored.Length < search.Trials.Count ? $"; {search.Trials.Count - scored.Length} failed" : "")}.</p>");
        if (scored.Length > 0) Plot(html, scored);
        html.Table("Trials, the best first", ["vectors a layer", "learning rate", "dropout", "through a network", "seed", "epochs", "score", "loss", "seconds"],
            search.Trials.OrderByDescending(t => t.Score ?? double.NegativeInfinity).ThenBy(t => t.Loss ?? double.PositiveInfinity).Take(TrialsShown).Select(t => (IReadOnlyList<Markup>)
            [Shown.Count(t.Setting.Length), Shown.Short(t.Setting.Rate), Shown.Short(t.Setting.Dropout), ReportParts.Plain(t.Setting.Reparameterize ? "yes" : "no"), Shown.Count(t.Setting.Seed), Shown.Count(t.Epochs),
                t.Score is { } score ? Shown.Number(score) : UserText.Label(t.Failure ?? "failed"), t.Loss is { } loss ? Shown.Number(loss) : ReportParts.Plain("–"), Shown.Short(t.Seconds)]));
        if (search.Trials.Count > TrialsShown) html.Line($"<p class=\"note\">{TrialsShown} of {search.Trials.Count} trials; metrics.json has all.</p>");
    }

    // Rates lie on a logarithmic axis; the larger a circle, the longer the trial trained.
    private static void Plot(HtmlText html, SearchTrial[] scored)
    {
        double[] rates = [.. scored.Select(t => t.Setting.Rate).Distinct().Order()];
        double low = Math.Log10(rates[0]) - 0.15, high = Math.Log10(rates[^1]) + 0.15;
        int every = (rates.Length + RatesNamed - 1) / RatesNamed;
        var plot = new SvgPlot("trials", "learning rate", "score");
        plot.Across([low, .. rates.Where((_, i) => i % every == 0).Select(Math.Log10), high], at => at == low || at == high ? "" : Math.Pow(10, at).ToString("g2", CultureInfo.InvariantCulture));
        plot.Upward(Ticks.Around(scored.Select(t => t.Score!.Value)), tick => tick.ToString("g4", CultureInfo.InvariantCulture));
        foreach (var trial in scored) plot.Point(Math.Log10(trial.Setting.Rate), trial.Score!.Value, PlotInk.First, isFilled: !trial.Setting.Reparameterize, size: 4 + 3 * trial.Rung);
        html.Line($"<div class=\"plots\">");
        html.Figure(plot.Draw("Score of each trial over its learning rate; the numbers are in the table below."), (PlotInk.First, "block", "a trial; larger in later rounds, a ring where the prompt went through a network"));
        html.Line($"</div>");
    }
}
