// What only a process shows: Ctrl-C, standard output that is full, a disk that is full.
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool;

namespace MLNet.PTuning.Tests.Tool;

public sealed class ProcessTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    public ProcessTests() => File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(120));

    [LinuxFact]
    public async Task Ctrl_C_leaves_a_checkpoint_and_says_how_to_resume()
    {
        using var process = ToolProcess.Start(_folder.Path, "train", "classify", "rows.csv", "--backbone", _backbone.Path, "-o", "out", "--epochs", "100000", "--threads", "1", "--json");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var end = limit.Token.Register(process.Kill);
        var output = process.StandardOutput.ReadToEndAsync();
        var lines = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (line.Contains("epoch 2 of")) Assert.Equal(0, ToolProcess.Shell($"kill -INT {process.Id}").ExitCode);
        }
        await process.WaitForExitAsync();
        Assert.Equal(ExitCodes.Canceled, process.ExitCode);
        Assert.Contains("the same command with --resume goes on from there", lines[^1]);
        Assert.Contains("\"exitCode\":130", await output);
        Assert.Equal(["out.checkpoint", "rows.csv"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
    }

    [LinuxFact]
    public void Standard_output_that_is_full_is_said_in_a_sentence()
    {
        var run = ToolProcess.Shell($"dotnet exec '{ToolProcess.Program}' backbone check '{_backbone.Path}' > /dev/full");
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains("No space left", Assert.Single(run.Error.TrimEnd().Split('\n')));
    }

    [SmallDiskFact]
    public void A_full_disk_is_said_in_a_sentence_and_nothing_is_left_on_it()
    {
        using var disk = new SmallDisk(_folder.At("disk"), kilobytes: 64);
        // The checkpoint fits, the predictions of long texts do not.
        string padding = string.Concat(Enumerable.Repeat(" odd", 2000));
        File.WriteAllText(_folder.At("rows.csv"), "text,label\n" + string.Concat(DataFiles.Rows(60).Select(row => $"{row.Text}{padding},{row.Label}\n")));
        var run = CommandLine.Run("train", "classify", _folder.At("rows.csv"), "--backbone", _backbone.Path, "-o", Path.Combine(disk.Path, "out"), "--epochs", "1", "--threads", "1", "--no-head-only");
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains("could not be written, and nothing was left there", run.Error.TrimEnd().Split('\n')[^1]);
        Assert.Equal(["out.checkpoint"], Directory.GetFileSystemEntries(disk.Path).Select(Path.GetFileName));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }
}
