// A process that is killed again and again while it trains, and started again, ends with the weights of one that was left alone; one that ends itself does so without a fault.
using System.Diagnostics;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Training;

public sealed class KillTests : IDisposable
{
    private const int Kills = 20;

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();

    [Fact]
    public void Twenty_kills_at_random_moments_change_no_bit_of_the_trained_weights()
    {
        File.WriteAllLines(_folder.At("rows.tsv"), Reviews.Rows(54).Select(r => $"{r.Text}\t{r.Label}"));
        string checkpoint = _folder.At("killed.ckpt");
        var random = new Random(7);
        for (int kill = 1; kill <= Kills; kill++)
        {
            using var process = Start("killed");
            // Some are killed while they start, the others after some steps, while they take a few more: between two, in one, or writing a checkpoint.
            int steps = random.Next(12);
            process.StandardInput.Write(new string('\n', steps + 4));
            process.StandardInput.Flush();
            for (int step = 0; step < steps; step++)
                if (process.StandardOutput.ReadLine() is null) Assert.Fail($"The process ended before kill {kill}: {process.StandardError.ReadToEnd()}");
            Thread.Sleep(random.Next(steps == 0 ? 200 : 4));
            process.Kill();
            process.WaitForExit();
            if (File.Exists(checkpoint)) WeightFile.OpenOne(checkpoint).Dispose();
        }
        Finish("killed");
        Finish("alone");
        Assert.Equal(SavedWeights.Of(_folder.At("alone.zip")), SavedWeights.Of(_folder.At("killed.zip")));
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path), f => f.EndsWith(".tmp"));
    }

    [Fact]
    public void A_process_that_ends_while_it_trains_ends_without_a_fault()
    {
        File.WriteAllLines(_folder.At("rows.tsv"), Reviews.Rows(54).Select(r => $"{r.Text}\t{r.Label}"));
        for (int time = 0; time < 4; time++)
        {
            using var process = Start($"ends{time}");
            process.StandardInput.WriteLine("end");
            process.StandardInput.Close();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            Assert.False(File.Exists(_folder.At($"ends{time}.zip")));
        }
    }

    [Fact]
    public void A_handler_of_the_exit_that_waits_for_work_of_another_thread_does_not_wait_forever()
    {
        File.WriteAllLines(_folder.At("rows.tsv"), Reviews.Rows(54).Select(r => $"{r.Text}\t{r.Label}"));
        using var process = Start("waits");
        process.StandardInput.WriteLine("end after a step");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        bool hasEnded = process.WaitForExit(TimeSpan.FromSeconds(60));
        process.Kill();
        Assert.True(hasEnded);
        Assert.Equal(0, process.ExitCode);
        Assert.False(File.Exists(_folder.At("waits.zip")));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private void Finish(string name)
    {
        using var process = Start(name);
        process.StandardInput.Close();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, process.StandardError.ReadToEnd());
    }

    private Process Start(string name)
    {
        string program = Path.Combine(AppContext.BaseDirectory.Replace("MLNet.PTuning.Tests", "TrainWithCheckpoints"), "TrainWithCheckpoints.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, _backbone.Path, _folder.At("rows.tsv"), _folder.At(name + ".ckpt"), _folder.At(name + ".zip")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // One thread: sums are added up in one order on every machine, and matrices this small gain nothing from a second.
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";
        return Process.Start(start)!;
    }
}
