// Command lines that are wrong, and the help that says how they are right.
using MLNet.PTuning.Tool;

namespace MLNet.PTuning.Tests.Tool;

public sealed class UsageTests
{
    [Theory]
    [InlineData("train", "classify", "rows.csv")]
    [InlineData("train", "nothing")]
    [InlineData("predict")]
    [InlineData("inspect", "one", "two")]
    public void A_wrong_command_line_is_one_line_that_names_the_help_and_the_exit_code_of_bad_usage(params string[] arguments)
    {
        var run = CommandLine.Run(arguments);
        Assert.Equal((ExitCodes.BadUsage, ""), (run.ExitCode, run.Output));
        Assert.Contains("--help", Assert.Single(run.Error.TrimEnd().Split('\n')));
    }

    [Fact]
    public void An_error_with_json_is_an_object_on_standard_output()
    {
        var run = CommandLine.Run("train", "classify", "--json");
        Assert.Equal(ExitCodes.BadUsage, run.Json.GetProperty("exitCode").GetInt32());
        Assert.Contains("--backbone", run.Json.GetProperty("error").GetString());
    }

    [Fact]
    public void A_word_that_begins_with_an_at_sign_is_a_name_like_any_other()
    {
        var run = CommandLine.Run("predict", "@model.zip", "rows.csv", "--text", "@text");
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains("There is no file @model.zip", run.Error);
    }

    [Fact]
    public void Help_names_every_verb()
    {
        var run = CommandLine.Run("--help");
        Assert.Equal(ExitCodes.Done, run.ExitCode);
        Assert.All(["train", "predict", "evaluate", "inspect", "export", "import", "backbone"], verb => Assert.Contains("  " + verb, run.Output));
    }
}
