// The verb `scaling`: time and memory of training and prediction against rows, row length, prompt length, classes and layers, one at a time.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using MLNet.PTuning.Files;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Scaling;

/// <summary>One quantity that is varied while the others stay.</summary>
/// <param name="Name">Heading of its column.</param>
/// <param name="Values">Its values, the base point's among them.</param>
/// <param name="At">The point of a value.</param>
internal sealed record Sweep(string Name, int[] Values, Func<int, ScalingPoint> At);

internal static class ScalingCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "A quarter of the rows and a single repetition." };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };
        var plot = new Option<FileInfo?>("--plot") { Description = "Draws the times to this SVG file as well." };
        var folder = new Option<DirectoryInfo?>("--backbone") { Description = "Measures one point on this folder in this process and prints its figures as JSON; the verb starts itself with it for each point.", Hidden = true };
        var point = new Option<string>("--point") { Description = "That point, as JSON.", Hidden = true };
        var repetitions = new Option<int>("--repetitions") { Description = "Passes that are timed. Default 3, with --quick 1." };
        var command = new Command("scaling", "Milliseconds a row and memory against rows, row length, prompt length, classes and layers.") { quick, repetitions, json, plot, folder, point };
        command.SetAction(arguments =>
        {
            bool small = arguments.GetValue(quick);
            int rounds = arguments.GetValue(repetitions) is > 0 and var given ? given : small ? 1 : 3;
            if (arguments.GetValue(folder) is { } backbone)
            {
                OwnProcess.Answer(ScalingMeasurement.Run(backbone.FullName, JsonSerializer.Deserialize<ScalingPoint>(arguments.GetRequiredValue(point))!, rounds));
                return;
            }
            var at = new ScalingPoint(Rows: small ? 64 : 256, Length: 32, Prompt: 20, Classes: 2, Layers: 4);
            var sweeps = Sweeps(at);
            var results = Measure([.. sweeps.SelectMany(sweep => sweep.Values.Select(sweep.At)).Distinct()], rounds);
            AnsiConsole.MarkupLineInterpolated($"Medians, and MB added at the peak. What a table does not vary: {Text(at)}.");
            foreach (var sweep in sweeps) Print(sweep, results);
            if (arguments.GetValue(plot) is { } drawn) File.WriteAllText(drawn.FullName, ScalingPlot.Draw([.. sweeps.Select(sweep => (sweep, sweep.Values.Select(value => results[sweep.At(value)]).ToArray()))]));
            JsonReport.Write(arguments.GetValue(json), new
            {
                repetitions = rounds,
                machine = JsonReport.Machine,
                @base = at,
                sweeps = sweeps.Select(sweep => new { sweep.Name, results = sweep.Values.Select(value => results[sweep.At(value)]) }),
            });
        });
        return command;
    }

    private static Sweep[] Sweeps(ScalingPoint at) =>
    [
        new("rows", [1, 8, 64, at.Rows, 512], value => at with { Rows = value }),
        new("row length", [8, at.Length, 128, 512], value => at with { Length = value }),
        new("prompt length", [0, 5, at.Prompt, 64, 128], value => at with { Prompt = value }),
        new("classes", [at.Classes, 10, 100, 1000], value => at with { Classes = value }),
        new("layers", [2, at.Layers, 8, 12], value => at with { Layers = value }),
    ];

    private static Dictionary<ScalingPoint, ScalingResult> Measure(ScalingPoint[] points, int repetitions)
    {
        string folder = Directory.CreateTempSubdirectory("ptuning-scaling-").FullName;
        try
        {
            var results = new Dictionary<ScalingPoint, ScalingResult>();
            foreach (var point in points)
            {
                string backbone = Path.Combine(folder, point.Layers.ToString(CultureInfo.InvariantCulture));
                if (!Directory.Exists(backbone)) GeneratedBackbone.Write(backbone, point.Shape, dropout: 0.1, ElementType.F32);
                AnsiConsole.MarkupLineInterpolated($"[grey]{Text(point)} …[/]");
                results[point] = OwnProcess.Ask<ScalingResult>(
                    "scaling", "--backbone", backbone, "--point", JsonSerializer.Serialize(point), "--repetitions", repetitions.ToString(CultureInfo.InvariantCulture));
            }
            return results;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(Sweep sweep, IReadOnlyDictionary<ScalingPoint, ScalingResult> results)
    {
        var table = new Table { Title = new TableTitle($"scaling: {sweep.Name}"), Border = TableBorder.Markdown };
        foreach (string heading in new[] { sweep.Name, "train ms/row", "predict ms/row", "train MB", "predict MB" }) table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (int value in sweep.Values)
        {
            var result = results[sweep.At(value)];
            table.AddRow(Text(value, "0"), Text(result.TrainMedian, "0.000"), Text(result.PredictMedian, "0.000"), Text(result.TrainBytes / 1e6, "0.0"), Text(result.PredictBytes / 1e6, "0.0"));
        }
        AnsiConsole.Write(table);
    }

    private static string Text(ScalingPoint point) => $"{point.Rows} rows of {point.Length}, prompt {point.Prompt}, {point.Classes} classes, {point.Shape.Name}";

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
