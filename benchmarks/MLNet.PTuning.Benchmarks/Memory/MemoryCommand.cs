// The verb `memory`: peak memory of the process while a large checkpoint is loaded, beside the checkpoint's size, and its growth over many predictions.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using Spectre.Console;
using TorchSharp;

namespace MLNet.PTuning.Benchmarks.Memory;

/// <summary>Memory of one loading, in bytes.</summary>
/// <param name="Type">Element type of the file.</param>
/// <param name="FileSize">The weights file.</param>
/// <param name="FloatSize">The same numbers as 32-bit floats, which is how they are held.</param>
/// <param name="Before">Resident memory just before.</param>
/// <param name="Peak">Highest resident memory while loading.</param>
internal sealed record LoadingMemory(string Type, long FileSize, long FloatSize, long Before, long Peak)
{
    public double AddedShare => (double)(Peak - Before) / FloatSize;
}

internal static class MemoryCommand
{
    public static Command Create()
    {
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };
        var folder = new Option<DirectoryInfo?>("--load") { Description = "Loads this folder in this process and prints its figures as JSON; the verb starts itself with it for each checkpoint." };
        folder.Hidden = true;
        var predictions = new Option<int>("--predictions") { Description = "Rows predicted one by one.", DefaultValueFactory = _ => 100_000 };
        var backbone = new Option<DirectoryInfo>("--backbone") { Description = "Folder of the backbone that predicts them.", DefaultValueFactory = _ => new("examples/backbones/tiny-bert-en") };
        var command = new Command("memory", "Peak memory while loading generated checkpoints of BERT-base size (438 MB as F32), beside their size; growth over predictions one by one.") { predictions, backbone, json, folder };
        command.SetAction(arguments =>
        {
            if (arguments.GetValue(folder) is { } only)
            {
                OwnProcess.Answer(Load(only.FullName));
                return;
            }
            // First, while nothing else has grown this process.
            var oneByOne = PredictionMemory.Measure(arguments.GetRequiredValue(backbone).FullName, arguments.GetValue(predictions));
            LoadingMemory[] results = [Measure(ElementType.F32), Measure(ElementType.F16)];
            Print(results);
            AnsiConsole.WriteLine(FormattableString.Invariant(
                $"{oneByOne.Predictions} predictions one by one: resident {Megabytes(oneByOne.Before)} MB before, {Megabytes(oneByOne.After)} MB after ({100 * oneByOne.Growth:+0.00;-0.00} %), {oneByOne.MillisecondsEach:0.000} ms each"));
            JsonReport.Write(arguments.GetValue(json), new { machine = JsonReport.Machine, results, oneByOne });
        });
        return command;
    }

    // A process of its own, so that what writing the file took is not counted.
    private static LoadingMemory Measure(ElementType type)
    {
        string folder = Directory.CreateTempSubdirectory("ptuning-memory-").FullName;
        try
        {
            GeneratedBackbone.Write(folder, BertShape.Base, dropout: 0.1, type);
            return OwnProcess.Ask<LoadingMemory>("memory", "--load", folder) with { Type = type.ToString() };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static LoadingMemory Load(string folder)
    {
        // What libtorch itself takes on its first use is no part of loading.
        ComputeThread.Run(() => torch.zeros(1).Dispose());
        using var here = Process.GetCurrentProcess();
        long before = here.WorkingSet64;
        using var lease = FrozenBackbone.Use(folder, torch.CPU);
        here.Refresh();
        return new LoadingMemory("", new FileInfo(Path.Combine(folder, "model.safetensors")).Length, 4 * lease.Backbone.ParameterCount, before, here.PeakWorkingSet64);
    }

    private static void Print(IEnumerable<LoadingMemory> results)
    {
        var table = new Table { Title = new TableTitle("memory: resident MB before loading (libtorch in use) and at the peak"), Border = TableBorder.Markdown };
        foreach (string heading in new[] { "checkpoint", "file", "as F32", "before", "peak", "added", "added / F32" }) table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var result in results)
            table.AddRow(result.Type, Megabytes(result.FileSize), Megabytes(result.FloatSize), Megabytes(result.Before), Megabytes(result.Peak), Megabytes(result.Peak - result.Before), result.AddedShare.ToString("0.00", CultureInfo.InvariantCulture));
        AnsiConsole.Write(table);
    }

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("0", CultureInfo.InvariantCulture);
}
