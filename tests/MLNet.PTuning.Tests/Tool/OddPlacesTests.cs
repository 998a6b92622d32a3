// Files and folders that are no plain ones: devices, pipes, links, and folders that hold what the command itself reads.
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool;

namespace MLNet.PTuning.Tests.Tool;

public sealed class OddPlacesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    public OddPlacesTests() => File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(40));

    [LinuxFact]
    public void Predictions_are_written_into_a_device_or_pipe_which_stays_what_it_is()
    {
        Trained();
        string pipe = _folder.At("pipe");
        Assert.Equal(0, ToolProcess.Shell($"mkfifo '{pipe}'").ExitCode);
        var read = Task.Run(() => File.ReadAllText(pipe));
        Refuses(CommandLine.Run("predict", _folder.At("out"), _folder.At("rows.csv"), "-o", pipe), ExitCodes.Done);
        Assert.True(read.Wait(TimeSpan.FromSeconds(30)), "The pipe got nothing.");
        Assert.Equal(41, read.Result.TrimEnd().Split('\n').Length);
        Assert.Equal(0, ToolProcess.Shell($"test -p '{pipe}'").ExitCode);
        Refuses(CommandLine.Run("predict", _folder.At("out"), _folder.At("rows.csv"), "-o", "/dev/null"), ExitCodes.Done);
        Assert.Equal(0, ToolProcess.Shell("test -c /dev/null").ExitCode);
    }

    [LinuxFact]
    public void A_pipe_is_refused_as_data_since_it_can_be_read_once()
    {
        Trained();
        string pipe = _folder.At("pipe");
        Assert.Equal(0, ToolProcess.Shell($"mkfifo '{pipe}'").ExitCode);
        _ = Task.Run(() => File.WriteAllText(pipe, DataFiles.Csv(40)));
        Refuses(CommandLine.Run("predict", _folder.At("out"), pipe), ExitCodes.BadInput, "is a pipe");
    }

    [LinuxFact]
    public void The_file_that_is_read_is_not_written_under_another_name()
    {
        Trained();
        File.CreateSymbolicLink(_folder.At("link.csv"), _folder.At("rows.csv"));
        Refuses(CommandLine.Run("predict", _folder.At("out"), _folder.At("link.csv"), "-o", _folder.At("rows.csv")), ExitCodes.BadUsage, "is the file whose rows are predicted");
        Refuses(CommandLine.Run("predict", _folder.At("out"), _folder.At("rows.csv"), "-o", _folder.At("out/model.zip")), ExitCodes.BadUsage, "is the model");
    }

    [Fact]
    public void Force_does_not_replace_a_folder_that_holds_the_data_or_the_backbone_or_is_no_runs()
    {
        Directory.CreateDirectory(_folder.At("project"));
        File.WriteAllText(_folder.At("project/metrics.json"), "{}");
        File.Copy(_folder.At("rows.csv"), _folder.At("project/rows.csv"));
        Refuses(Train(_folder.At("rows.csv"), _folder.At("project"), "--force"), ExitCodes.BadInput, "which --force does not replace");
        File.WriteAllText(_folder.At("project/model.zip"), "");
        Refuses(Train(_folder.At("project/rows.csv"), _folder.At("project"), "--force"), ExitCodes.BadInput, "is in the folder");
        Refuses(Train(_folder.At("rows.csv"), _folder.At("project"), "--force", "--test", _folder.At("project/rows.csv")), ExitCodes.BadInput, "is in the folder");
        Assert.Equal(3, Directory.GetFiles(_folder.At("project")).Length);
    }

    [LinuxFact]
    public void Standard_output_that_is_full_is_said_in_a_sentence_with_json_too()
    {
        var run = ToolProcess.Shell($"dotnet exec '{ToolProcess.Program}' backbone check '{_backbone.Path}' --json > /dev/full");
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains("No space left", Assert.Single(run.Error.TrimEnd().Split('\n')));
        Assert.Equal(ExitCodes.BadInput, ToolProcess.Shell($"dotnet exec '{ToolProcess.Program}' inspect nothing 2> /dev/full").ExitCode);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private void Trained() => Refuses(Train(_folder.At("rows.csv"), _folder.At("out")), ExitCodes.Done);

    private CommandLine Train(string data, string output, params string[] more) =>
        CommandLine.Run(["train", "classify", data, "--backbone", _backbone.Path, "-o", output, "--threads", "1", "--epochs", "1", "--prompt-length", "2", "--no-head-only", .. more]);

    private static void Refuses(CommandLine run, int exitCode, string sentence = "")
    {
        Assert.True(run.ExitCode == exitCode, $"exit code {run.ExitCode}: {run.Error}");
        Assert.Contains(sentence, run.Error);
    }
}
