// The verb `speed`: this project against the authors' computation in PyTorch, in one run, in turns.
using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Speed;

internal static class SpeedCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "Fewer rows and repetitions, and only the small backbone with the short prompt." };
        var repetitions = new Option<int?>("--repetitions") { Description = "Passes of each side that are counted. Default 5, with --quick 3." };
        var dropout = new Option<double>("--dropout") { Description = "Probability of every dropout in training, on both sides. Default 0: the same mathematics, which is then checked." };
        var python = new Option<string>("--python") { Description = "Interpreter for the reference; it needs torch.", DefaultValueFactory = _ => "/usr/bin/python3" };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };

        var command = new Command("speed", "Milliseconds a row beside the authors' computation in PyTorch on the same libtorch.") { quick, repetitions, dropout, python, json };
        command.SetAction(arguments =>
        {
            int rounds = arguments.GetValue(repetitions) ?? (arguments.GetValue(quick) ? 3 : 5);
            var results = new List<SpeedResult>();
            foreach (var workload in Workloads(arguments.GetValue(quick)))
            {
                AnsiConsole.MarkupLineInterpolated($"[grey]{workload.Shape.Name}, prompt {workload.PromptLength}, lengths {workload.Mix} …[/]");
                results.AddRange(SpeedMeasurement.Run(workload, arguments.GetRequiredValue(python), arguments.GetValue(dropout), rounds));
            }
            Print(results);
            JsonReport.Write(arguments.GetValue(json), new { dropout = arguments.GetValue(dropout), repetitions = rounds, machine = JsonReport.Machine, results });
        });
        return command;
    }

    private static IEnumerable<SpeedWorkload> Workloads(bool quick)
    {
        foreach (var (shape, rows) in new[] { (BertShape.Small, quick ? 128 : 512), (BertShape.Base, 128) }.Take(quick ? 1 : 2))
            foreach (int prompt in new[] { 20, 128 }.Take(quick ? 1 : 2))
            {
                yield return SpeedWorkload.LogNormal(shape, prompt, rows);
                yield return SpeedWorkload.AllLongest(shape, prompt, Math.Min(rows, 64));
            }
    }

    private static void Print(IReadOnlyList<SpeedResult> results)
    {
        string[] paddings = [SpeedMeasurement.Padded, SpeedMeasurement.Longest, SpeedMeasurement.Sorted];
        var table = new Table { Title = new TableTitle("speed: milliseconds a row, medians; in brackets how many times faster MLNet.PTuning is"), Border = TableBorder.Markdown };
        foreach (string heading in (string[])["backbone", "prompt", "lengths", "verb", "MLNet.PTuning", .. paddings, "GFLOP/s", "of peak", "Δ logits", "Δ gradient"])
            table.AddColumn(heading);
        foreach (var result in results)
        {
            table.AddRow([
                result.Shape, Text(result.PromptLength, "0"), result.Lengths, result.Verb, Text(result.Product.Median, "0.00"),
                .. paddings.Select(padding => result.References.FirstOrDefault(reference => reference.Name == padding) is { } reference
                    ? $"{Text(reference.Median, "0.00")} ({Text(result.Ratios[padding], "0.00")} ×)" : "–"),
                Text(result.GigaFlops, "0"), Text(result.ShareOfPeak, "0 %"), Text(result.LogitDifference, "0.0e+0"), Text(result.GradientDifference, "0.0e+0")]);
        }
        AnsiConsole.Write(table);
    }

    private static string Text(double value, string format) => double.IsNaN(value) ? "–" : value.ToString(format, CultureInfo.InvariantCulture);
}
