// What is wrong with files and folders: one sentence that says what, where and what to do, an exit code, and nothing half-written.
using System.Text;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool;

public sealed class BadInputTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Theory]
    [InlineData("label,text\npos,good film\nneg,bad film,and more\npos,fine\nneg,awful\npos,great day\n", "line 3: 3 fields, where the file's first line has 2")]
    [InlineData("label,text\npos,good film\nneg,\"bad film\npos,fine\n", "line 3: a quote is not closed", "--quotes", "yes")]
    [InlineData("label,text\npos,good\0film\nneg,bad film\n", "line 2, column 'text': a NUL character")]
    [InlineData("id,text\n1,good film\n2,bad film\n3,fine day\n4,dull day\n", "no column looks like the class")]
    [InlineData("label,text\npos,good film\npos,fine\npos,great\n", "have the class 'pos', and a classifier needs two")]
    [InlineData("label,text\npos,good\nneg,\n,bad\n", "has too few rows to train on (1, and 2 without a text or a label)", "--test-share", "0")]
    [InlineData("label,text,text\npos,good,1\nneg,bad,2\n", "two columns are called 'text'")]
    [InlineData("label,text\npos,good\nneg,bad\n", "has no column 'review' for --text; it has 'label', 'text'", "--text", "review")]
    [InlineData("good film\nbad film\n", "has one column, and none for the class")]
    [InlineData("   \n", "has blanks alone")]
    [InlineData("", "is empty")]
    public void A_bad_CSV_file_is_refused_in_one_sentence(string content, string sentence, params string[] more)
    {
        File.WriteAllText(_folder.At("rows.csv"), content);
        AssertRefused(Train("rows.csv", more), sentence);
    }

    [Theory]
    [InlineData("{\"text\": \"good\", \"label\": \"pos\"}\n{\"text\": \"bad\", \"label\"\n", "line 2, byte")]
    [InlineData("{\"text\": \"good\", \"label\": \"pos\"}\n[1]\n", "line 2: JSON, but no object")]
    [InlineData("[{\"text\": \"good\", \"label\": \"pos\"}]", "it is one JSON array")]
    public void A_bad_JSON_file_is_refused_in_one_sentence(string content, string sentence)
    {
        File.WriteAllText(_folder.At("rows.jsonl"), content);
        AssertRefused(Train("rows.jsonl"), sentence);
    }

    [Fact]
    public void Bytes_that_are_not_of_the_encoding_are_said_with_their_line()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("label,text\n" + string.Concat(Enumerable.Range(0, 9).Select(i => $"{(i % 2 == 0 ? "pos" : "neg")},café {i}\n")));
        bytes[Encoding.UTF8.GetByteCount("label,text\npos,caf")] = (byte)'?';
        File.WriteAllBytes(_folder.At("rows.csv"), bytes);
        AssertRefused(Train("rows.csv"), "line 2: bytes that are not UTF-8, in a file that else is");
    }

    [Fact]
    public void Latin_text_without_a_mark_is_read_as_Windows_1252_and_said()
    {
        File.WriteAllBytes(_folder.At("rows.csv"), Encoding.Latin1.GetBytes(string.Concat(DataFiles.Csv(20).Replace("film", "café"))));
        var run = Train("rows.csv", "--dry-run");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Windows-1252", run.Error);
    }

    [Fact]
    public void Labels_with_commas_and_line_ends_are_classes_like_any_other()
    {
        File.WriteAllText(_folder.At("rows.csv"), "label,text\n" + string.Concat(DataFiles.Rows(30).Select(row => $"\"{row.Label}, \"\"quoted\"\"\nand more\",{row.Text}\n")));
        var run = Train("rows.csv", "--epochs", "1", "--no-head-only", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(["pos, \"quoted\"\nand more", "neg, \"quoted\"\nand more"], run.Json.GetProperty("classNames").EnumerateArray().Select(name => name.GetString()));
        Assert.Contains("\"pos, \"\"quoted\"\"\nand more\"", File.ReadAllText(_folder.At("out/predictions.csv")));
    }

    [Fact]
    public void Five_thousand_classes_are_trained_with_a_note()
    {
        File.WriteAllText(_folder.At("rows.csv"), "label,text\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"c{i % 5000},the film {i}\n")));
        var run = Train("rows.csv", "--epochs", "1", "--batch-size", "512", "--test-share", "0.01", "--no-head-only", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(5000, run.Json.GetProperty("classNames").GetArrayLength());
        Assert.Contains("There are 5000 classes in", run.Error);
    }

    [Fact]
    public void A_test_file_with_labels_unseen_in_training_is_scored_and_said()
    {
        File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(40));
        File.WriteAllText(_folder.At("test.csv"), "text,label\nthe film was good,pos\nthe book was odd,odd\n");
        var run = Train("rows.csv", "--test", _folder.At("test.csv"), "--epochs", "1", "--no-head-only", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("A label of test rows is in no training row ('odd')", run.Error);
        Assert.InRange(run.Json.GetProperty("scores").GetProperty("value").GetDouble(), 0, 0.5);
    }

    [Fact]
    public void An_output_folder_that_is_not_empty_stays_as_it_is()
    {
        File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(40));
        Directory.CreateDirectory(_folder.At("out"));
        File.WriteAllText(_folder.At("out/mine.txt"), "mine");
        AssertRefused(Train("rows.csv"), "is not empty", leaves: ["out", "rows.csv"]);
        AssertRefused(Train("rows.csv", "--force"), "which --force does not replace", leaves: ["out", "rows.csv"]);
        Assert.Equal("mine", File.ReadAllText(_folder.At("out/mine.txt")));
    }

    [Theory]
    [InlineData(20, "has lost rows")]
    [InlineData(60, "has grown")]
    public void A_file_that_changes_between_two_readings_is_refused(int rows, string sentence)
    {
        string path = _folder.At("rows.csv");
        File.WriteAllText(path, DataFiles.Csv(40));
        var file = RowFile.Open(path, TaskKind.Classify, new ReadingOptions(null, null, null, null, null));
        var data = TaskData.Read(new RowReader(file, TaskKind.Classify, ColumnGuess.Of(file, TaskKind.Classify, new Dictionary<string, string[]>(), withGold: true)), null, 0.2, 1, default);
        File.WriteAllText(path, DataFiles.Csv(rows));
        Assert.Contains(sentence, Assert.Throws<BadInputException>(() => data.TrainingRows.Count()).Message);
    }

    [Theory]
    [InlineData("{\"data\": {\"trainingFile\": null, \"columns\": null}}")]
    [InlineData("{\"data\": {\"trainingFile\": {\"columns\": [\"a\"]}, \"columns\": [null]}}")]
    [InlineData("{\"data\": {\"trainingFile\": {\"columns\": [\"a\"]}, \"columns\": [{\"input\": \"Text\", \"column\": \"a\", \"index\": 7}]}}")]
    public void Damaged_metrics_beside_a_model_are_named(string content)
    {
        File.WriteAllText(_folder.At("metrics.json"), content);
        Assert.Contains("is damaged", Assert.Throws<BadInputException>(() => MetricsFile.ColumnsBeside(_folder.At("model.zip"))).Message);
    }

    [Fact]
    public void Control_characters_of_a_file_do_not_reach_the_terminal()
    {
        File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(40).Replace("pos", "\e]0;pos\a"));
        var run = Train("rows.csv", "--dry-run");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("]0;pos", run.Error);
        Assert.DoesNotContain('\e', run.Error);
    }

    [Fact]
    public void Files_and_folders_that_are_not_there_are_named()
    {
        File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(40));
        AssertRefused(Train("none.csv"), "There is no file");
        AssertRefused(CommandLine.Run("train", "classify", _folder.At("rows.csv"), "--backbone", _folder.At("none"), "-o", _folder.At("out")), "does not exist");
        AssertRefused(CommandLine.Run("train", "classify", _folder.At("rows.csv"), "--backbone", _folder.Path, "-o", _folder.At("out")), "has no config.json");
        AssertRefused(CommandLine.Run("train", "generate", _folder.At("rows.csv"), "--backbone", _backbone.Path, "-o", _folder.At("out")), "does not write them");
        AssertRefused(Train("rows.csv", "--resume"), "to resume from");
    }

    [Theory]
    [InlineData("--epochs", "0")]
    [InlineData("--test-share", "1")]
    [InlineData("--search", "many")]
    [InlineData("--search", "99999999999999999999m")]
    [InlineData("--search", "0.00000000001m")]
    [InlineData("--delimiter", "::")]
    [InlineData("--encoding", "klingon")]
    [InlineData("--method", "magic")]
    [InlineData("--header", "--no-header")]
    public void A_bad_option_is_bad_usage_and_said_in_a_sentence(params string[] options)
    {
        File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(40));
        var run = Train("rows.csv", options);
        Assert.Equal(ExitCodes.BadUsage, run.ExitCode);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.Equal(["rows.csv"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_stack_trace_is_shown_with_verbose_alone()
    {
        Assert.DoesNotContain("   at ", Train("none.csv").Error);
        Assert.Contains("   at MLNet.PTuning.Tool", Train("none.csv", "--verbose").Error);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private CommandLine Train(string file, params string[] more) =>
        CommandLine.Run(["train", "classify", _folder.At(file), "--backbone", _backbone.Path, "-o", _folder.At("out"), "--threads", "1", .. more]);

    private void AssertRefused(CommandLine run, string sentence, string[]? leaves = null)
    {
        Assert.True(run.ExitCode == ExitCodes.BadInput, $"exit code {run.ExitCode}: {run.Error}");
        string last = run.Error.TrimEnd().Split('\n')[^1];
        Assert.Contains(sentence, last);
        Assert.EndsWith(".", last);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Except(leaves ?? ["rows.csv", "rows.jsonl"]));
    }
}
