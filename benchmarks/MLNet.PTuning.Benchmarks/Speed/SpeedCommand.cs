// The verb `speed`: this project beside ONNX Runtime in prediction and beside the authors' computation in training, in one run, in turns.
using System.CommandLine;
using System.Globalization;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Benchmarks.Accuracy;
using MLNet.PTuning.Files;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Speed;

internal static class SpeedCommand
{
    private static readonly Dictionary<string, BertShape> Shapes = new() { ["minilm"] = BertShape.MiniLm, ["small"] = BertShape.Small, ["base"] = BertShape.Base, ["llama"] = BertShape.Llama };

    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "Fewer rows and rounds, in Float32 alone: under two minutes." };
        var shapes = new Option<string[]>("--shape") { Description = "Shapes of the backbones beside the authors' computation: minilm (6 × 384), small (4 × 256), base (BERT-base), llama (a Llama of 6 × 384); small and base, with random weights, beside ONNX Runtime as well. Default: minilm.", AllowMultipleArgumentsPerToken = true };
        shapes.AcceptOnlyFromAmong([.. Shapes.Keys]);
        var prompts = new Option<int[]>("--prompt") { Description = "Prompt lengths. Default: 20.", AllowMultipleArgumentsPerToken = true };
        var rows = new Option<int?>("--rows") { Description = "Rows of the mix. Default: 512, for base and with --quick 128." };
        var rounds = new Option<int?>("--rounds") { Description = "Passes of each side that are counted. Default 5, with --quick 3." };
        var precisions = new Option<Precision[]>("--precision") { Description = "Of this project's frozen weights and products. Default: Float32, Int8 and, where the processor multiplies it, BFloat16; with --quick Float32.", AllowMultipleArgumentsPerToken = true };
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder of the data sets: the texts are those of SST-2's development file.", DefaultValueFactory = _ => new("../shared/data") };
        var backbone = new Option<DirectoryInfo>("--backbone") { Description = "Folder beside ONNX Runtime, with model.onnx and vocab.txt. Default: MiniLM.", DefaultValueFactory = _ => new(AccuracySuite.MiniLm) };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };

        var command = new Command("speed", "Milliseconds a row beside ONNX Runtime and beside the authors' computation on the same libtorch.") { quick, shapes, prompts, rows, rounds, precisions, data, backbone, json };
        command.SetAction(arguments =>
        {
            bool small = arguments.GetValue(quick);
            int counted = arguments.GetValue(rounds) ?? (small ? 3 : 5);
            int[] promptLengths = arguments.GetValue(prompts) is { Length: > 0 } given ? given : [20];
            Precision[] selected = arguments.GetValue(precisions) is { Length: > 0 } some ? some : small ? [Precision.Float32] : PackedEngines.ProcessorMultipliesBFloat16 ? [Precision.Float32, Precision.BFloat16, Precision.Int8] : [Precision.Float32, Precision.Int8];
            string[] texts = [.. SentenceFiles.Sst2.Development(new Folders(arguments.GetRequiredValue(data).FullName, "")).Select(row => row.Text)];
            if (small) texts = [.. texts.Where((_, i) => i % 4 == 0)];
            var prediction = new List<PredictionResult>();
            var training = new List<SpeedResult>();
            string[] names = arguments.GetValue(shapes) is { Length: > 0 } named ? named : ["minilm"];
            if (names.Any(name => Shapes[name].KeyHeads is null)) Predict(arguments.GetRequiredValue(backbone).FullName, Path.GetFileName(arguments.GetRequiredValue(backbone).FullName), texts, promptLengths[0]);
            foreach (var workload in Workloads(names, promptLengths, shape => arguments.GetValue(rows) ?? (small || shape == BertShape.Base ? 128 : 512)))
            {
                AnsiConsole.MarkupLineInterpolated($"[grey]{workload.Shape.Name}, prompt {workload.PromptLength}, lengths {workload.Mix} …[/]");
                var measured = SpeedMeasurement.Run(workload, selected, counted);
                Print(measured);
                training.AddRange(measured);
                Write();
                if (workload.Shape != BertShape.MiniLm && workload.Shape.KeyHeads is null && workload.Lengths.Distinct().Count() > 1) PredictGenerated(workload);
            }

            void PredictGenerated(SpeedWorkload workload)
            {
                string folder = Directory.CreateTempSubdirectory("ptuning-speed-").FullName;
                try
                {
                    GeneratedBackbone.Write(folder, workload.Shape, dropout: 0, ElementType.F32);
                    OnnxBert.Write(folder, workload.Shape);
                    Predict(folder, workload.Shape.Name, [.. workload.Ids().Select(GeneratedBackbone.Text)], workload.PromptLength);
                }
                finally
                {
                    Directory.Delete(folder, recursive: true);
                }
            }

            void Predict(string folder, string name, string[] rows, int promptLength)
            {
                AnsiConsole.MarkupLineInterpolated($"[grey]{name} beside ONNX Runtime, prompt {promptLength} …[/]");
                var measured = PredictionMeasurement.Run(folder, name, rows, promptLength, selected, counted);
                Print(measured);
                prediction.AddRange(measured);
                Write();
            }

            // Shown and written at once: a run that is cut short leaves what it has measured.
            void Write() => JsonReport.Write(arguments.GetValue(json), new { rounds = counted, texts = texts.Length, machine = JsonReport.Machine, prediction, training });
        });
        return command;
    }

    private static IEnumerable<SpeedWorkload> Workloads(string[] shapes, int[] prompts, Func<BertShape, int> rowsOf)
    {
        foreach (var shape in shapes.Select(name => Shapes[name]))
            foreach (int prompt in prompts)
            {
                yield return SpeedWorkload.LogNormal(shape, prompt, rowsOf(shape));
                yield return SpeedWorkload.AllLongest(shape, prompt, Math.Min(rowsOf(shape), 64));
            }
    }

    private static void Print(IReadOnlyList<PredictionResult> results)
    {
        string[] rivals = [PredictionMeasurement.Longest, PredictionMeasurement.Sorted, PredictionMeasurement.One, PredictionMeasurement.Tokenizer];
        var table = Table("prediction through ML.NET beside ONNX Runtime, tokenization counted", ["backbone", "", "precision", "MLNet.PTuning", .. rivals]);
        foreach (var result in results) table.AddRow([result.Backbone, result.Way, result.Precision, Text(result.Product.Median, "0.000"), .. Cells(rivals, result.Rivals, result.Ratios)]);
        AnsiConsole.Write(table);
    }

    private static void Print(IReadOnlyList<SpeedResult> results)
    {
        string[] rivals = [SpeedMeasurement.Padded, SpeedMeasurement.Longest, SpeedMeasurement.Sorted];
        var table = Table("this project's training loop and prediction beside the authors' computation", ["backbone", "prompt", "lengths", "verb", "precision", "MLNet.PTuning", .. rivals, "GFLOP/s", "of peak", "outside the encoder", "Δ logits", "Δ gradient"]);
        foreach (var result in results)
        {
            table.AddRow([
                result.Shape, Text(result.PromptLength, "0"), result.Lengths, result.Verb, result.Precision, Text(result.Product.Median, "0.000"), .. Cells(rivals, result.Rivals, result.Ratios),
                Text(result.GigaFlops, "0"), Text(result.ShareOfPeak, "0 %"), result.OutsideEncoder is { } outside ? Text(outside, "0.0 %") : "–", Text(result.LogitDifference, "0.0e+0"), Text(result.GradientDifference, "0.0e+0")]);
        }
        AnsiConsole.Write(table);
    }

    private static Table Table(string title, string[] headings)
    {
        var table = new Table { Title = new TableTitle($"{title}: milliseconds a row, medians; how many times faster MLNet.PTuning is (lowest–highest over the rounds)"), Border = TableBorder.Markdown };
        foreach (string heading in headings) table.AddColumn(heading);
        return table;
    }

    private static IEnumerable<string> Cells(string[] names, IReadOnlyList<Timing> rivals, IReadOnlyDictionary<string, Ratio> ratios) =>
        names.Select(name => rivals.FirstOrDefault(rival => rival.Name == name) is { } rival ? $"{Text(rival.Median, "0.000")}: {ratios[name]}" : "–");

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
