// ptuning predict: predictions of a file's rows, one after the other.
using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Commands;

internal static class PredictCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("predict", "Predicts the rows of a file with a trained model, however long the file is.");
        var model = new ModelArguments();
        var rows = new RowArguments("INPUT", "The file whose rows to predict.");
        var output = new Option<string?>("--output", "-o") { Description = "The file to write: CSV, or JSON lines where it ends in .jsonl. Default: standard output.", HelpName = "FILE" };
        model.AddTo(command);
        rows.AddTo(command);
        command.Options.Add(output);
        return command.Runs(terminal, (parsed, cancellation) =>
        {
            var clock = Stopwatch.StartNew();
            using var loaded = model.Load(parsed);
            var reader = rows.Open(parsed, loaded, withGold: false, terminal);
            string? path = parsed.GetValue(output);
            if (path is not null && FinalPath.Of(path) == FinalPath.Of(reader.File.Description.Path)) throw new BadUsageException($"{path} is the file whose rows are predicted; name another with -o.");
            if (path is not null && FinalPath.Of(path) == FinalPath.Of(loaded.File)) throw new BadUsageException($"{path} is the model; name another file with -o.");
            long predicted = 0, skipped = 0;
            if (path is null) Write(terminal.Output, terminal.Json);
            else OutputFile.Write(path, writer => Write(writer, PredictionWriter.IsJson(path)));
            if (skipped > 0) terminal.Say($"Note: Rows without a text, which are left out: {skipped}.");
            if (path is null) return;
            terminal.Say(FormattableString.Invariant($"{path}: {predicted} rows, {clock.Elapsed.TotalSeconds:f1} s."));
            if (terminal.Json) terminal.Output.WriteLine(JsonSerializer.Serialize(new { output = path, rows = predicted, skippedRows = skipped, seconds = clock.Elapsed.TotalSeconds }, Json.Compact));

            void Write(TextWriter to, bool asJson)
            {
                using var writer = PredictionWriter.Create(to, asJson, loaded.ClassNames, hasGold: false, loaded.Task.Kind);
                var complete = reader.Read().Where(row => row is not null || skipped++ < 0).Select(row => row!);
                foreach (var row in loaded.Task.Predict(loaded.Ml, loaded.Model, complete))
                {
                    cancellation.ThrowIfCancellationRequested();
                    writer.Write(row);
                    predicted++;
                }
            }
        });
    }
}
