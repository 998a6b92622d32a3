// The report's precision, recall and F1 of each class, type of entities or label.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class LabelSection
{
    private const int LabelsShown = 100;

    public static ReportSection? Of(TrainingRun run, ReportFigures figures) =>
        figures.Averages is not { } averages ? null : new("classes", figures.AreEntities ? "Entities by type" : run.Task == TaskKind.Label ? "Labels" : "Classes", html => Write(html, run, figures, averages));

    private static void Write(HtmlText html, TrainingRun run, ReportFigures figures, LabelAverages averages)
    {
        var (one, counted) = figures.AreEntities ? ("type", "entities") : run.Task == TaskKind.Label ? ("label", "words") : ("class", "test rows");
        html.Line($"<p>{(figures.AreEntities ? "An entity counts where its type and both of its ends are right, as in the CoNLL evaluation. " : "")}Precision: of what is predicted as the {one}, what share is. Recall: of what is of the {one}, what share is found. F1 is their harmonic mean.</p>");
        html.Table($"Precision, recall and F1 by {one}", [one, "precision", "recall", "F1", counted, "predicted"],
        [
            .. figures.Labels.Take(LabelsShown).Select(score => (IReadOnlyList<Markup>)[score.Label.Length == 0 && figures.AreEntities ? ReportParts.Plain("(no type)") : UserText.Label(score.Label),
                Shown.Percent(score.Precision), Shown.Percent(score.Recall), Shown.Percent(score.F1), Shown.Count(score.Support), Shown.Count(score.Predicted)]),
            [new Markup("<i>mean (macro)</i>"), Shown.Percent(averages.MacroPrecision), Shown.Percent(averages.MacroRecall), Shown.Percent(averages.MacroF1), ReportParts.Plain(""), ReportParts.Plain("")],
            .. figures.AreEntities ? [[new Markup("<i>all together (micro)</i>"), Shown.Percent(averages.Micro.Precision), Shown.Percent(averages.Micro.Recall), Shown.Percent(averages.Micro.F1), Shown.Count(averages.Micro.Support), Shown.Count(averages.Micro.Predicted)]]
                : (IReadOnlyList<Markup>[])[[new Markup("<i>mean, by support</i>"), ReportParts.Plain(""), ReportParts.Plain(""), Shown.Percent(averages.WeightedF1), Shown.Count(averages.Micro.Support), Shown.Count(averages.Micro.Predicted)]],
        ]);
        if (figures.Labels.Count > LabelsShown) html.Line($"<p class=\"note\">The {LabelsShown} with the most {counted}, of {figures.Labels.Count}; metrics.json has all.</p>");
    }
}
