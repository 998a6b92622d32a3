// Draws a search's trials as SVG: score over learning rate.
namespace MLNet.PTuning.Pipeline;

internal static class SearchPlot
{
    public static string Draw(IReadOnlyList<SearchTrial> trials)
    {
        var scored = trials.Where(t => t.Score is not null).ToList();
        var plot = new ScorePlot("learning rate", trials.Select(t => t.Setting.Rate), scored.Select(t => t.Score!.Value));
        var colors = trials.Select(t => t.Setting.Length).Distinct().Order().ToDictionary(length => length, length => plot.Legend($"length {length}"));
        foreach (var trial in scored)
            plot.Point(trial.Setting.Rate, trial.Score!.Value, colors[trial.Setting.Length], !trial.Setting.Reparameterize, 2 + 2 * trial.Rung,
                $"length {trial.Setting.Length}, rate {trial.Setting.Rate}, dropout {trial.Setting.Dropout}, seed {trial.Setting.Seed}, {trial.Epochs} epochs: {trial.Score:f4}");
        return plot.ToString();
    }
}
