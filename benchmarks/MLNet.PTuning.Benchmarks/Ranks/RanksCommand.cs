// The verb `ranks`: what a step of several ranks takes on this machine, what of it is communication, and what that means on networks.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MLNet.PTuning.Files;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Ranks;

internal static class RanksCommand
{
    private static readonly BertShape[] Shapes = [BertShape.MiniLm, BertShape.Base, BertShape.Large];

    public static Command Create()
    {
        var shapes = new Option<string[]>("--shape") { Description = $"Backbones to measure: {string.Join(", ", Shapes.Select(s => s.Name))}. Default MiniLM.", DefaultValueFactory = _ => [BertShape.MiniLm.Name], AllowMultipleArgumentsPerToken = true };
        var counts = new Option<int[]>("--ranks") { Description = "Numbers of ranks. Default 1 2 4.", DefaultValueFactory = _ => [1, 2, 4], AllowMultipleArgumentsPerToken = true };
        var batch = new Option<int>("--batch") { Description = "Rows of a step, of all ranks together. Default 64.", DefaultValueFactory = _ => 64 };
        var length = new Option<int>("--length") { Description = "Word pieces of a row. Default 32.", DefaultValueFactory = _ => 32 };
        var prompt = new Option<int>("--prompt") { Description = "Vectors a layer. Default 20.", DefaultValueFactory = _ => 20 };
        var steps = new Option<int>("--steps") { Description = "Steps that are timed. Default 20.", DefaultValueFactory = _ => 20 };
        var threads = new Option<int>("--threads") { Description = "Threads of each rank. Default 1, so that ranks of one machine have as many as one rank alone.", DefaultValueFactory = _ => 1 };
        var network = new Option<bool>("--network") { Description = "Measures two ranks in two network namespaces as well, over TCP (root)." };
        var rate = new Option<int>("--rate") { Description = "Of that network, Mbit/s. Default 1000.", DefaultValueFactory = _ => 1000 };
        var delay = new Option<double>("--delay") { Description = "Of each packet, milliseconds. Default 1. By tc where the kernel has netem, else by a process that carries the packets.", DefaultValueFactory = _ => 1 };
        var modelRows = new Option<int>("--model-rows") { Description = "Rows of a step in the model of the speed-up. Default 256.", DefaultValueFactory = _ => 256 };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };
        var plot = new Option<FileInfo?>("--plot") { Description = "Draws the modeled speed-up to this SVG file as well." };
        var folder = new Option<DirectoryInfo?>("--backbone") { Description = "Trains as a rank of a job on this folder; the verb starts jobs of itself.", Hidden = true };
        var point = new Option<string>("--point") { Description = "What is trained, as JSON.", Hidden = true };
        var answer = new Option<FileInfo>("--answer") { Description = "Where rank 0 writes its figures.", Hidden = true };
        var command = new Command("ranks", "Milliseconds and bytes a step of several ranks (mpirun), the share of communication, and a model of the speed-up on networks.")
        {
            shapes, counts, batch, length, prompt, steps, threads, network, rate, delay, modelRows, json, plot, folder, point, answer,
        };
        command.SetAction(arguments =>
        {
            BertShape[] chosen = [.. arguments.GetRequiredValue(shapes).Select(ShapeOf)];
            if (arguments.GetValue(folder) is { } backbone)
            {
                var result = RanksMeasurement.Run(backbone.FullName, chosen[0], JsonSerializer.Deserialize<RanksPoint>(arguments.GetRequiredValue(point))!);
                if (result is not null) File.WriteAllText(arguments.GetRequiredValue(answer).FullName, JsonSerializer.Serialize(result));
                return;
            }
            var at = new RanksPoint(arguments.GetValue(batch), arguments.GetValue(length), arguments.GetValue(prompt), arguments.GetValue(steps), arguments.GetValue(threads));
            var measured = new List<(string Shape, string Network, RanksResult Result)>();
            string work = Directory.CreateTempSubdirectory("ptuning-ranks-").FullName;
            try
            {
                foreach (var shape in chosen)
                {
                    string generated = Path.Combine(work, shape.Name);
                    GeneratedBackbone.Write(generated, shape, dropout: 0.1, ElementType.F32);
                    foreach (int count in arguments.GetRequiredValue(counts))
                        measured.Add((shape.Name, "memory", Ask(work, program => ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", Text(count, "0"), .. program], shape, generated, at)));
                    if (!arguments.GetValue(network)) continue;
                    using var pair = new NetworkPair(arguments.GetValue(rate), arguments.GetValue(delay));
                    measured.Add((shape.Name, pair.Description, Ask(work, program => pair.Command(Path.Combine(work, "agent"), program), shape, generated, at)));
                }
            }
            finally
            {
                Directory.Delete(work, recursive: true);
            }
            Print(measured, at);
            var model = Model(measured, at, arguments.GetValue(modelRows));
            PrintModel(model, arguments.GetValue(modelRows));
            if (arguments.GetValue(plot) is { } drawn) File.WriteAllText(drawn.FullName, RanksPlot.Draw(model));
            JsonReport.Write(arguments.GetValue(json), new
            {
                machine = JsonReport.Machine,
                point = at,
                results = measured.Select(m => new { m.Shape, m.Network, m.Result }),
                modelRows = arguments.GetValue(modelRows),
                networks = Network.Usual,
                model = model.Select(line => new { line.Name, ranks = SpeedUpModel.Ranks, line.SpeedUps }),
            });
        });
        return command;
    }

    private static BertShape ShapeOf(string name) => Shapes.FirstOrDefault(shape => shape.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no shape '{name}'; there are {string.Join(", ", Shapes.Select(s => s.Name))}.");

    private static RanksResult Ask(string work, Func<string[], string[]> launch, BertShape shape, string backbone, RanksPoint point)
    {
        string answer = Path.Combine(work, "answer.json");
        File.Delete(answer);
        string[] command = launch([.. OwnProcess.Command, "ranks", "--shape", shape.Name, "--backbone", backbone, "--answer", answer, "--point", JsonSerializer.Serialize(point)]);
        AnsiConsole.MarkupLineInterpolated($"[grey]{shape.Name}: {string.Join(' ', command.TakeWhile(part => part != OwnProcess.Command[0]))} …[/]");
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        // Harmless for other users.
        foreach (string name in (string[])["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"]) start.Environment[name] = "1";
        using var process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 && File.Exists(answer) ? JsonSerializer.Deserialize<RanksResult>(File.ReadAllText(answer))!
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with exit code {process.ExitCode}; its message is above. {output}");
    }

    private static List<(string Name, double[] SpeedUps)> Model(List<(string Shape, string Network, RanksResult Result)> measured, RanksPoint at, int rows)
    {
        var lines = new List<(string, double[])>();
        foreach (var group in measured.GroupBy(m => m.Shape))
        {
            // What the model starts from: one rank's step, and the bytes of several.
            if (group.FirstOrDefault(m => m.Result.Ranks == 1).Result is not { } alone || group.FirstOrDefault(m => m.Result.Ranks > 1).Result is not { } several) continue;
            long bytes = several.Bytes * several.Ranks / (2 * (several.Ranks - 1));
            foreach (var network in Network.Usual)
                lines.Add(($"{group.Key}, {network.Name}", [.. SpeedUpModel.Ranks.Select(ranks => SpeedUpModel.Of(alone.StepMilliseconds / 1000 * rows / at.Batch, bytes, network, ranks))]));
        }
        return lines;
    }

    private static void Print(List<(string Shape, string Network, RanksResult Result)> measured, RanksPoint at)
    {
        var table = new Table { Title = new TableTitle($"ranks: {at.Batch} rows of {at.Length} a step, prompt {at.Prompt}, {at.Threads} threads a rank; medians of {at.Steps} steps"), Border = TableBorder.Markdown };
        foreach (string heading in new[] { "backbone", "ranks", "over", "step ms", "waiting ms", "message ms", "message %", "bytes sent a step" }) table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var (shape, network, result) in measured)
            table.AddRow(shape, Text(result.Ranks, "0"), result.Ranks == 1 ? "" : network, Text(result.StepMilliseconds, "0.00"), Text(result.WaitMilliseconds, "0.00"), Text(result.MessageMilliseconds, "0.00"),
                Text(100 * result.MessageShare, "0.0"), Text(result.Bytes, "0"));
        AnsiConsole.Write(table);
    }

    private static void PrintModel(List<(string Name, double[] SpeedUps)> model, int rows)
    {
        if (model.Count == 0) return;
        var table = new Table { Title = new TableTitle($"modeled speed-up, {rows} rows a step"), Border = TableBorder.Markdown };
        table.AddColumn("ranks");
        foreach (int ranks in SpeedUpModel.Ranks) table.AddColumn(new TableColumn(Text(ranks, "0")).RightAligned());
        foreach (var (name, speedUps) in model) table.AddRow([name, .. speedUps.Select(value => Text(value, "0.0"))]);
        AnsiConsole.Write(table);
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
