// The verb `speed`: this project against the authors' computation in PyTorch, in one run, in turns.
using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Speed;

internal static class SpeedCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "Fewer rows and repetitions, and where nothing else is said only the small backbone with the short prompt." };
        var shapes = new Option<string[]>("--shape") { Description = "Backbones: small (4 × 256), base (BERT-base). Default: both, with --quick small.", AllowMultipleArgumentsPerToken = true };
        shapes.AcceptOnlyFromAmong("small", "base");
        var prompts = new Option<int[]>("--prompt") { Description = "Prompt lengths. Default: 20 128, with --quick 20.", AllowMultipleArgumentsPerToken = true };
        var rows = new Option<int?>("--rows") { Description = "Rows of the mix. Default: 512 for small, 128 for base and with --quick." };
        var repetitions = new Option<int?>("--repetitions") { Description = "Passes of each side that are counted. Default 5, with --quick 3." };
        var precisions = new Option<Precision[]>("--precision") { Description = "Of this project's frozen weights and products. Default: Float32 and, where the processor multiplies it, BFloat16.", AllowMultipleArgumentsPerToken = true };
        var dropout = new Option<double>("--dropout") { Description = "Probability of every dropout in training, on both sides. Default 0: the same mathematics, which is then checked." };
        var python = new Option<string>("--python") { Description = "Interpreter for the reference; it needs torch.", DefaultValueFactory = _ => "/usr/bin/python3" };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };

        var command = new Command("speed", "Milliseconds a row beside the authors' computation in PyTorch on the same libtorch.") { quick, shapes, prompts, rows, repetitions, precisions, dropout, python, json };
        command.SetAction(arguments =>
        {
            bool small = arguments.GetValue(quick);
            int rounds = arguments.GetValue(repetitions) ?? (small ? 3 : 5);
            string[] shapeNames = arguments.GetValue(shapes) is { Length: > 0 } named ? named : small ? ["small"] : ["small", "base"];
            int[] promptLengths = arguments.GetValue(prompts) is { Length: > 0 } given ? given : small ? [20] : [20, 128];
            Precision[] selected = arguments.GetValue(precisions) is { Length: > 0 } some ? some
                : Backbones.Cpu.PackedEngines.ProcessorMultipliesBFloat16 ? [Precision.Float32, Precision.BFloat16] : [Precision.Float32];
            var results = new List<SpeedResult>();
            foreach (var workload in Workloads(shapeNames, promptLengths, name => arguments.GetValue(rows) ?? (small || name == "base" ? 128 : 512)))
            {
                AnsiConsole.MarkupLineInterpolated($"[grey]{workload.Shape.Name}, prompt {workload.PromptLength}, lengths {workload.Mix} …[/]");
                // Shown and written at once: a run that is cut short leaves what it has measured.
                var measured = SpeedMeasurement.Run(workload, selected, arguments.GetRequiredValue(python), arguments.GetValue(dropout), rounds);
                Print(measured);
                results.AddRange(measured);
                JsonReport.Write(arguments.GetValue(json), new { dropout = arguments.GetValue(dropout), repetitions = rounds, machine = JsonReport.Machine, results });
            }
        });
        return command;
    }

    private static IEnumerable<SpeedWorkload> Workloads(string[] shapes, int[] prompts, Func<string, int> rowsOf)
    {
        foreach (string name in shapes)
            foreach (int prompt in prompts)
            {
                var shape = name == "small" ? BertShape.Small : BertShape.Base;
                yield return SpeedWorkload.LogNormal(shape, prompt, rowsOf(name));
                yield return SpeedWorkload.AllLongest(shape, prompt, Math.Min(rowsOf(name), 64));
            }
    }

    private static void Print(IReadOnlyList<SpeedResult> results)
    {
        string[] paddings = [SpeedMeasurement.Padded, SpeedMeasurement.Longest, SpeedMeasurement.Sorted];
        var table = new Table { Title = new TableTitle("speed: milliseconds a row, medians; in brackets how many times faster MLNet.PTuning is"), Border = TableBorder.Markdown };
        foreach (string heading in (string[])["backbone", "prompt", "lengths", "verb", "precision", "MLNet.PTuning", .. paddings, "GFLOP/s", "of peak", "Δ logits", "Δ gradient"])
            table.AddColumn(heading);
        foreach (var result in results)
        {
            table.AddRow([
                result.Shape, Text(result.PromptLength, "0"), result.Lengths, result.Verb, result.Precision, Text(result.Product.Median, "0.00"),
                .. paddings.Select(padding => result.References.FirstOrDefault(reference => reference.Name == padding) is { } reference
                    ? $"{Text(reference.Median, "0.00")} ({Text(result.Ratios[padding], "0.00")} ×)" : "–"),
                Text(result.GigaFlops, "0"), Text(result.ShareOfPeak, "0 %"), Text(result.LogitDifference, "0.0e+0"), Text(result.GradientDifference, "0.0e+0")]);
        }
        AnsiConsole.Write(table);
    }

    private static string Text(double value, string format) => double.IsNaN(value) ? "–" : value.ToString(format, CultureInfo.InvariantCulture);
}
