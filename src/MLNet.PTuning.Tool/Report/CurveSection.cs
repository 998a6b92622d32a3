// The report's curves of training: loss, score on the validation rows, learning rate.
using System.Globalization;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class CurveSection
{
    private const int EpochsListed = 40;

    public static ReportSection? Of(TrainingRun run) => run.Training.Epochs.Count == 0 ? null : new("curves", "Training", html => Write(html, run));

    private static void Write(HtmlText html, TrainingRun run)
    {
        var epochs = run.Training.Epochs;
        html.Line($"<p>{epochs.Count} epochs on {Shown.Count(run.Training.Rows)} rows in {Shown.Duration(run.Training.Seconds)} on {run.Training.Device}; the parameters after epoch {Shown.Count(run.Training.BestEpoch)} are kept ({(epochs.Any(e => e.ValidationScore is not null) ? "the best on the validation rows" : "the last")}).</p>");
        html.Line($"<div class=\"plots\">");
        Loss(html, run);
        if (epochs.Any(e => e.ValidationScore is not null))
            One(html, "score", "validation score", run, epochs.Where(e => e.ValidationScore is not null).Select(e => ((double)e.Number, e.ValidationScore!.Value)), PlotInk.Second);
        if (epochs.Any(e => e.LearningRate is not null))
            One(html, "rate", "learning rate", run, epochs.Where(e => e.LearningRate is not null).Select(e => ((double)e.Number, e.LearningRate!.Value)), PlotInk.Third);
        html.Line($"</div>");
        Listed(html, epochs);
    }

    private static void Loss(HtmlText html, TrainingRun run)
    {
        (double, double)[] training = [.. run.Training.Epochs.Select(e => ((double)e.Number, e.TrainingLoss))];
        (double, double)[] validation = [.. run.Training.Epochs.Where(e => e.ValidationLoss is not null).Select(e => ((double)e.Number, e.ValidationLoss!.Value))];
        (double, double)[] head = [.. (run.HeadOnlyTraining?.Epochs ?? []).Select(e => ((double)e.Number, e.TrainingLoss))];
        var plot = Start("loss", "loss", [.. training, .. validation, .. head]);
        List<(PlotInk, string, string)> key = [(PlotInk.First, "solid", "training")];
        plot.Line(training, PlotInk.First);
        if (validation.Length > 0)
        {
            plot.Line(validation, PlotInk.Second, hasMarkers: true);
            key.Add((PlotInk.Second, "points", "validation"));
        }
        if (head.Length > 0)
        {
            plot.Line(head, PlotInk.Third, isDashed: true);
            key.Add((PlotInk.Third, "dashed", "head alone, training"));
        }
        html.Figure(plot.Draw($"Loss over epochs: training loss from {Text(training[0].Item2)} to {Text(training[^1].Item2)}{(validation.Length > 0 ? $", validation loss from {Text(validation[0].Item2)} to {Text(validation[^1].Item2)}" : "")}."), [.. key]);
    }

    private static void One(HtmlText html, string id, string what, TrainingRun run, IEnumerable<(double X, double Y)> values, PlotInk ink)
    {
        (double X, double Y)[] points = [.. values];
        var plot = Start(id, what, points);
        plot.Line(points, ink, hasMarkers: ink == PlotInk.Second);
        html.Figure(plot.Draw($"The {what} over epochs, from {Text(points[0].Y)} to {Text(points[^1].Y)}; epoch {run.Training.BestEpoch} is kept."), (ink, ink == PlotInk.Second ? "points" : "solid", what));
    }

    private static SvgPlot Start(string id, string what, IReadOnlyList<(double X, double Y)> points)
    {
        var plot = new SvgPlot("curve-" + id, "epoch", what);
        int last = (int)points.Max(p => p.X);
        plot.Across(last == 1 ? [0, 1, 2] : Ticks.Around([1, last], least: 1), tick => tick is 0 ? "" : tick.ToString(CultureInfo.InvariantCulture));
        plot.Upward(Ticks.Around(points.Select(p => p.Y)), tick => tick.ToString("g4", CultureInfo.InvariantCulture));
        return plot;
    }

    private static void Listed(HtmlText html, IReadOnlyList<TrainingEpoch> epochs)
    {
        int every = (epochs.Count + EpochsListed - 1) / EpochsListed;
        TrainingEpoch[] listed = [.. epochs.Where((epoch, i) => i % every == 0 || i == epochs.Count - 1)];
        bool isValidated = epochs.Any(e => e.ValidationScore is not null), hasRate = epochs.Any(e => e.LearningRate is not null);
        html.Table("Epochs", ["epoch", "training loss", .. isValidated ? ["validation loss", "validation score"] : Array.Empty<string>(), .. hasRate ? ["learning rate"] : Array.Empty<string>(), "seconds"],
            listed.Select(e => (IReadOnlyList<Markup>)[Shown.Count(e.Number), Shown.Number(e.TrainingLoss), .. isValidated ? [Optional(e.ValidationLoss), Optional(e.ValidationScore)] : Array.Empty<Markup>(),
                .. hasRate ? [e.LearningRate is { } rate ? Shown.Short(rate) : ReportParts.Plain("–")] : Array.Empty<Markup>(), Shown.Short(e.Seconds)]));
        if (listed.Length < epochs.Count) html.Line($"<p class=\"note\">{listed.Length} of {epochs.Count} epochs; metrics.json has all.</p>");
    }

    private static Markup Optional(double? value) => value is { } number ? Shown.Number(number) : ReportParts.Plain("–");

    private static string Text(double value) => value.ToString("g4", CultureInfo.InvariantCulture);
}
