// The verb `writing`: tokens a second that a decoder writes with its keys and values kept, beside computing every row again for every token.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using Spectre.Console;
using TorchSharp;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>One line of the table: milliseconds a token of each side.</summary>
internal sealed record WritingResult(int Rows, Timing Kept, Timing Again)
{
    public Ratio Ratio => Again.Over(Kept);
}

internal static class WritingCommand
{
    private const int PromptLength = 20, InputLength = 32;

    private static readonly int[] RowCounts = [1, 32];

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "Passes of each side that are counted.", DefaultValueFactory = _ => 3 };
        var tokens = new Option<int>("--tokens") { Description = "Tokens that each row gets.", DefaultValueFactory = _ => 64 };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };
        var command = new Command("writing", $"Tokens a second of a Llama shape of 6 layers of 384 with random weights, a prefix of {PromptLength} and inputs of {InputLength} word pieces.") { rounds, tokens, json };
        command.SetAction(arguments =>
        {
            string folder = Directory.CreateTempSubdirectory("ptuning-writing-").FullName;
            try
            {
                GeneratedBackbone.Write(folder, BertShape.Llama, dropout: 0, ElementType.F32);
                using var model = TunedModel.Create(FrozenBackbone.Use(folder, torch.CPU), new DeepPrompt { Length = PromptLength }, classes: 1, pools: false, headDropout: 0, seed: 1, writes: true);
                var results = RowCounts.Select(rows => Measure(model, rows, arguments.GetValue(tokens), arguments.GetValue(rounds))).ToList();
                var table = new Table { Title = new TableTitle("tokens a second, medians"), Border = TableBorder.Markdown };
                foreach (string heading in new[] { "rows", "keys and values kept", "computed again", "times as fast" }) table.AddColumn(heading);
                foreach (var result in results) table.AddRow(result.Rows.ToString(CultureInfo.InvariantCulture), PerSecond(result.Kept), PerSecond(result.Again), result.Ratio.ToString());
                AnsiConsole.Write(table);
                JsonReport.Write(arguments.GetValue(json), new { rounds = arguments.GetValue(rounds), tokens = arguments.GetValue(tokens), prompt = PromptLength, input = InputLength, machine = JsonReport.Machine, results });
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static WritingResult Measure(TunedModel model, int rowCount, int tokens, int rounds)
    {
        var random = new Random(1);
        int[][] inputs = [.. Enumerable.Range(0, rowCount).Select(_ => Enumerable.Range(0, InputLength).Select(_ => random.Next(BertShape.Llama.Vocabulary)).ToArray())];
        var timings = Timing.InTurns(rounds, [("kept", () => Milliseconds(() => Keep(model, inputs, tokens))), ("computed again", () => Milliseconds(() => ComputeAgain(model, inputs, tokens)))]);
        return new WritingResult(rowCount, timings[0], timings[1]);

        double Milliseconds(Action write)
        {
            long started = Stopwatch.GetTimestamp();
            write();
            return Stopwatch.GetElapsedTime(started).TotalMilliseconds / (rowCount * tokens);
        }
    }

    private static void Keep(TunedModel model, int[][] inputs, int tokens)
    {
        using var rows = new TokenByToken(model, new GenerationSettings { MaxNewTokens = tokens }, [], [.. inputs.Select(input => (input, ""))]);
        while (!rows.IsDone) rows.Step();
    }

    private static void ComputeAgain(TunedModel model, int[][] inputs, int tokens)
    {
        int[][] rows = inputs;
        for (int token = 0; token < tokens; token++)
        {
            using var cache = model.NewCache();
            long[] next = model.Next(cache, rows, null, logits => logits.argmax(1).data<long>().ToArray());
            rows = [.. rows.Select((row, i) => (int[])[.. row, (int)next[i]])];
        }
    }

    private static string PerSecond(Timing timing) => (1000 / timing.Median).ToString("0", CultureInfo.InvariantCulture);
}
