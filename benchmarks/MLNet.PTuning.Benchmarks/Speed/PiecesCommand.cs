// The verb `pieces`: what each hand-written piece of a layer gains over libtorch's own operators, so that only those that pay are kept.
using System.CommandLine;
using System.Globalization;
using System.Runtime.Intrinsics;
using MLNet.PTuning.Backbones.Cpu;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Speed;

internal static class PiecesCommand
{
    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "Passes of each side that are counted.", DefaultValueFactory = _ => 11 };
        var prompt = new Option<int>("--prompt") { Description = "Vectors a layer.", DefaultValueFactory = _ => 20 };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };
        var command = new Command("pieces", "Each hand-written piece of one of MiniLM's layers beside libtorch's operators, on one thread.") { rounds, prompt, json };
        command.SetAction(arguments =>
        {
            var (length, counted) = (arguments.GetValue(prompt), arguments.GetValue(rounds));
            var results = Vector512.IsHardwareAccelerated ? PieceMeasurement<Lanes512>.Run(length, counted)
                : Vector256.IsHardwareAccelerated ? PieceMeasurement<Lanes256>.Run(length, counted) : PieceMeasurement<Lanes128>.Run(length, counted);
            var table = new Table { Title = new TableTitle("pieces: milliseconds of 16 rows in one layer, one thread, medians"), Border = TableBorder.Markdown };
            foreach (string heading in new[] { "piece", "MLNet.PTuning", "libtorch", "times as fast", "layer with libtorch's / without" }) table.AddColumn(heading);
            foreach (var result in results)
                table.AddRow(result.Piece, Text(result.Product.Median, "0.000"), Text(result.Libtorch.Median, "0.000"), result.Ratio.ToString(), Text(result.EndToEnd, "0.00"));
            AnsiConsole.Write(table);
            JsonReport.Write(arguments.GetValue(json), new { rounds = counted, prompt = length, machine = JsonReport.Machine, results });
        });
        return command;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
