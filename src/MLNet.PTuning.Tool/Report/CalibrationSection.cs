// The report's calibration: whether predictions are right as often as their probabilities say.
using System.Globalization;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class CalibrationSection
{
    public static ReportSection? Of(TrainingRun run, ReportFigures figures) =>
        figures.Calibration is not { } calibration ? null : new("calibration", "Calibration", html => Write(html, run, calibration));

    private static void Write(HtmlText html, TrainingRun run, CalibrationFigures calibration)
    {
        html.Line($"<p>Of predictions with a probability of 80%, a calibrated model has 80% right: its bars end at the dashed line. Below the line the model is too sure, above it not sure enough.{(run.Task == TaskKind.Label ? " Every word is a prediction." : "")}</p>");
        html.Line($"<div class=\"plots\">");
        Plot(html, calibration);
        html.Line($"</div>");
        html.Table("Calibration", ["rows and model", "expected calibration error", "maximum", "mean probability", "accuracy", "predictions"], Lines(run, calibration).Select(line => (IReadOnlyList<Markup>)
            [ReportParts.Plain(line.Name), Shown.Percent(line.Error), Shown.Percent(line.Maximum), Shown.Percent(line.Confidence), Shown.Percent(line.Accuracy), Shown.Count(line.Predictions)]));
        html.Line($"<p class=\"note\">Expected calibration error: the distance between probability and accuracy, in {calibration.Predicted.Bins.Count} bins of equal width, as a mean over the predictions. {(calibration.Temperature is { } temperature ? HtmlText.Piece(p => p.Line($"The model’s scores are divided by the temperature {Shown.Number(temperature)}, at which the validation rows’ labels are most likely.")) : ReportParts.Plain("The model was not calibrated (temperature scaling)."))}</p>");
        html.Table("Predictions by probability", ["probability", "predictions", "mean probability", "right"], calibration.Predicted.Bins.Where(bin => bin.Count > 0).Select(bin => (IReadOnlyList<Markup>)
            [ReportParts.Plain(string.Create(CultureInfo.InvariantCulture, $"{100 * bin.From:f0}–{100 * bin.To:f0}%")), Shown.Count(bin.Count), Shown.Percent(bin.Confidence!.Value), Shown.Percent(bin.Accuracy!.Value)]));
    }

    private static IEnumerable<(string Name, double Error, double Maximum, double Confidence, double Accuracy, int Predictions)> Lines(TrainingRun run, CalibrationFigures calibration)
    {
        if (calibration.Before is { } before) yield return Line("test rows, before temperature scaling", before);
        yield return Line("test rows, as the model predicts", calibration.Predicted);
        if (run.Training.Calibration is not { } onValidation) yield break;
        foreach (var (name, of) in new[] { ("validation rows, before temperature scaling", onValidation.Before), ("validation rows, after it", onValidation.After) })
            yield return (name, of.ExpectedCalibrationError, of.MaximumCalibrationError, of.Confidence, of.Accuracy, of.Predictions);

        static (string, double, double, double, double, int) Line(string name, Reliability of) => (name, of.ExpectedCalibrationError, of.MaximumCalibrationError, of.Confidence, of.Accuracy, of.Predictions);
    }

    private static void Plot(HtmlText html, CalibrationFigures calibration)
    {
        var plot = new SvgPlot("reliability", "probability of the prediction", "right");
        double[] fifths = [0, 0.2, 0.4, 0.6, 0.8, 1];
        plot.Across(fifths, Label);
        plot.Upward(fifths, Label);
        foreach (var bin in calibration.Predicted.Bins.Where(bin => bin.Count > 0)) plot.Bar(bin.From, bin.To, bin.Accuracy!.Value, PlotInk.First);
        plot.Line([(0, 0), (1, 1)], PlotInk.Second, isDashed: true);
        List<(PlotInk, string, string)> key = [(PlotInk.First, "block", "share that is right"), (PlotInk.Second, "dashed", "perfectly calibrated")];
        if (calibration.Before is { } before)
        {
            foreach (var bin in before.Bins.Where(bin => bin.Count > 0)) plot.Point(bin.Confidence!.Value, bin.Accuracy!.Value, PlotInk.Third, isFilled: false);
            key.Insert(1, (PlotInk.Third, "ring", "before temperature scaling"));
        }
        string error = (100 * calibration.Predicted.ExpectedCalibrationError).ToString("f2", CultureInfo.InvariantCulture);
        html.Figure(plot.Draw($"Share of right predictions over their probability; expected calibration error {error}%. The numbers are in the table below."), [.. key]);

        static string Label(double share) => (100 * share).ToString("f0", CultureInfo.InvariantCulture) + "%";
    }
}
