// The table of `accuracy`.
using System.Globalization;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class AccuracyReport
{
    public static void Print(string suite, IReadOnlyList<AccuracyResult> results, int[] seeds)
    {
        var table = new Table { Title = new TableTitle($"accuracy --suite {suite}"), Border = TableBorder.Markdown };
        foreach (string heading in new[] { "task", "method", "rows × epochs", "rate" }.Concat(seeds.Select(seed => $"seed {seed}"))) table.AddColumn(heading);
        foreach (string heading in new[] { "mean", "spread", "PyTorch", "difference", "training loss", "trained", "seconds" }) table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var result in results)
        {
            string[] cells = [
                $"{result.Task} ({result.Metric})", result.Method, $"{result.Runs[0].Rows} × {result.Runs[0].Epochs}", Text(result.LearningRate, "0.####"),
                .. result.Runs.Select(run => Text(run.Score, "0.0000")),
                Text(result.Mean, "0.0000"), Text(result.Spread, "0.000"), Text(result.Reference, "0.000"), Text(result.Mean - result.Reference, "+0.0000;-0.0000"),
                Text(result.TrainingLoss, "0.000"), result.TrainedParameters.ToString("N0", CultureInfo.InvariantCulture), Text(result.Seconds, "0.0")];
            table.AddRow([.. cells.Select(Markup.Escape)]);
        }
        AnsiConsole.Write(table);
    }

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}
