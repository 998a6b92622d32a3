// What ptuning train writes to standard output when it is done.
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace MLNet.PTuning.Tool.Run;

internal static class TrainingResult
{
    public static void Write(TrainingRun run, Terminal terminal)
    {
        if (terminal.Json)
        {
            terminal.Output.WriteLine(JsonSerializer.Serialize(MetricsFile.Content(run), Json.Compact));
            return;
        }
        if (run.Scores is { } scores) terminal.Tables.Write(Scores(run, scores));
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{run.ModelFile}: {run.ModelBytes / 1024.0:f0} KB, {run.Training.TrainedParameters} of {run.Training.TotalParameters} parameters trained ({100 * run.Training.TrainedShare:f2} %), {run.Seconds:f1} s in all."));
    }

    private static Table Scores(TrainingRun run, TestScores scores)
    {
        var table = new Table().RoundedBorder().AddColumn($"on {run.TestRows.Count} test rows");
        foreach (string name in scores.All.Keys) table.AddColumn(new TableColumn(Markup.Escape(name)).RightAligned());
        Row("this model", scores);
        if (run.HeadOnly is not null) Row("head only", run.HeadOnly);
        if (run.Majority is not null) Row("majority", run.Majority);
        return table;

        void Row(string name, TestScores of) => table.AddRow([name, .. scores.All.Keys.Select(score => of.All.TryGetValue(score, out double value) ? value.ToString("f3", CultureInfo.InvariantCulture) : "")]);
    }
}
