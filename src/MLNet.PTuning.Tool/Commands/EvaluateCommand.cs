// ptuning evaluate: scores of a model on rows with gold labels.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MLNet.PTuning.Tool.Run;
using Spectre.Console;

namespace MLNet.PTuning.Tool.Commands;

internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("evaluate", "Scores a trained model on a file of rows with gold labels.");
        var model = new ModelArguments();
        var data = new RowArguments("DATA", "The file with rows and their gold labels.");
        model.AddTo(command);
        data.AddTo(command);
        return command.Runs(terminal, (parsed, cancellation) =>
        {
            var clock = Stopwatch.StartNew();
            using var loaded = model.Load(parsed);
            var reader = data.Open(parsed, loaded, withGold: true, terminal);
            int skipped = 0;
            var rows = new List<TestRow>();
            foreach (var row in loaded.Task.Predict(loaded.Ml, loaded.Model, reader.Read().Where(row => row is not null || skipped++ < 0).Select(row => row!)))
            {
                cancellation.ThrowIfCancellationRequested();
                // Scores of classes need the labels alone, however long the texts are.
                rows.Add(row is ClassifiedText text ? text with { Text = "", Pair = null, Probabilities = [] } : row);
            }
            if (rows.Count == 0) throw new BadInputException($"{reader.File.Description.Path} has no rows with a text and a gold label; give a file that has, or name other columns.");
            if (skipped > 0) terminal.Say($"Note: Rows without a text or a label, which are left out: {skipped}.");
            string[] unseen = loaded.Task.Kind == TaskKind.Classify ? [.. rows.Select(row => row.GoldText).Distinct().Except(loaded.ClassNames)] : [];
            if (unseen.Length > 0) terminal.Say($"Note: the model knows no class {string.Join(", ", unseen.Take(5).Select(label => $"'{label}'"))}{(unseen.Length > 5 ? ", …" : "")}; these rows count as wrong.");
            var scores = loaded.Task.Score(loaded.Ml, rows);
            if (terminal.Json)
            {
                terminal.Output.WriteLine(JsonSerializer.Serialize(new { scores, rows = rows.Count, skippedRows = skipped, unseenLabels = unseen, seconds = clock.Elapsed.TotalSeconds }, Json.Compact));
                return;
            }
            var table = new Table().RoundedBorder().AddColumn($"on {rows.Count} rows");
            foreach (string name in scores.All.Keys) table.AddColumn(new TableColumn(Markup.Escape(name)).RightAligned());
            table.AddRow(["this model", .. scores.All.Values.Select(value => value.ToString("f3", CultureInfo.InvariantCulture))]);
            terminal.Tables.Write(table);
        });
    }
}
