// What is guessed of data files: form, delimiter, header, columns; and what the command line says of them.
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Tool;

public sealed class GuessTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Theory]
    // By their names.
    [InlineData("id;Sentence 1;sentence_2;LABEL\n1;a;b;x\n2;c;d;y\n3;e;f;x\n4;g;h;y\n", "Text is 'Sentence 1' (its name; --text names another); TextPair is 'sentence_2' (its name; --pair names another); Label is 'LABEL'")]
    // By what they hold: few values, long texts.
    [InlineData("7\tx\tthe film was good\n8\ty\tthe book was bad\n9\tx\tit was fine\n10\ty\tit was awful\n", "Text is '3' (it has the longest texts; --text names another); Label is '2' (it has the fewest values; --label names another)")]
    [InlineData("5,x\n6,y\n7,x\n8,y\n", "Text is '1' (no other is left; --text names another); Label is '2'")]
    [InlineData("kind|remark\na|one film\nb|two books\na|a day, so\nb|it was\na|we saw, and\nb|the meal\n", "its first line names the columns (no other row has 'kind'")]
    [InlineData("label\ttext\nx\t\"good film\ny\tbad \"film\"\nx\t\"fine\" film\ny\tawful\n", "quotes are part of the text")]
    public void Form_and_columns_of_delimited_text_are_guessed_and_said(string content, string said) => Assert.Contains(said, DryRun("classify", "rows.txt", content).Error);

    [Fact]
    public void What_the_command_line_names_is_taken()
    {
        string content = "text,label,other,kind\ngood,1,film one,x\nbad,2,film two,y\nfine,3,film three,x\n";
        Assert.Contains("Text is 'other'; Label is 'kind'.", DryRun("classify", "rows.csv", content, "--text", "other", "--label", "4").Error);
        Assert.Contains("4 rows", DryRun("classify", "rows.csv", content, "--no-header", "--text", "3", "--label", "4", "--test-share", "0").Error);
    }

    [Theory]
    // ML.NET's form: a sentence, and a label a white-space word.
    [InlineData("rows.csv", "Sentence,Labels\n\"we saw Oslo , so\",O O B-LOC O O\nit was Ada,O O B-PER\n", "Words is 'Sentence' (its name; --text names another); Label is 'Labels'")]
    [InlineData("rows.jsonl", "{\"tokens\": [\"we\", \"saw\"], \"ner_tags\": [\"O\", \"B-X\"]}\n{\"tokens\": [\"it\"], \"ner_tags\": [\"O\"]}\n", "Words is 'tokens' (its name; --text names another); Label is 'ner_tags'")]
    [InlineData("rows.txt", "we O\nsaw O\nOslo B-LOC\n\nit O\nwas O\n", "a word a line")]
    public void Labels_of_words_are_read_in_three_forms(string file, string content, string said)
    {
        var run = DryRun("label", file, content, "--test-share", "0");
        Assert.Contains(said, run.Error);
        Assert.Contains("2 rows to train on", run.Error);
    }

    [Fact]
    public void A_row_with_more_labels_than_words_is_named()
    {
        File.WriteAllText(_folder.At("rows.csv"), "Sentence,Labels\nwe saw,O O\nit was,O O O\n");
        Assert.Contains("line 3, column 'Labels': 3 labels for 2 words", CommandLine.Run("train", "label", _folder.At("rows.csv"), "--backbone", _backbone.Path, "-o", _folder.At("out"), "--dry-run").Error);
    }

    [Fact]
    public void A_test_file_with_other_names_has_its_columns_at_the_same_places()
    {
        File.WriteAllText(_folder.At("test.tsv"), "label\tcontent\npos\tgood\nneg\tbad\n");
        var run = DryRun("classify", "rows.tsv", "label\tsentence\npos\tgood film\nneg\tbad film\npos\tfine film\n", "--test", _folder.At("test.tsv"));
        Assert.Contains("Text is 'content' (the same place as in", run.Error);
        Assert.Contains("3 rows to train on, 2 to test on.", run.Error);
    }

    [Fact]
    public void Repeated_contradicting_and_shared_rows_are_counted()
    {
        File.WriteAllText(_folder.At("test.csv"), "text,label\ngood film,pos\nodd film,neg\n");
        var run = DryRun("classify", "rows.csv", "text,label\ngood film,pos\ngood film,pos\ngood film,neg\nbad film,neg\n", "--test", _folder.At("test.csv"), "--json");
        Assert.Equal((2, 1, 1), (run.Json.GetProperty("duplicateRows").GetInt32(), run.Json.GetProperty("contradictingRows").GetInt32(), run.Json.GetProperty("sharedRows").GetInt32()));
    }

    [Fact]
    public void Held_out_rows_that_are_training_rows_too_are_to_be_left_out_of_the_one_file()
    {
        var run = DryRun("classify", "rows.csv", "text,label\n" + string.Concat(Enumerable.Repeat("good film,pos\nbad film,neg\n", 10)));
        Assert.Contains($"leave one of each in {_folder.At("rows.csv")}.", run.Error);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private CommandLine DryRun(string task, string file, string content, params string[] more)
    {
        File.WriteAllText(_folder.At(file), content);
        var run = CommandLine.Run(["train", task, _folder.At(file), "--backbone", _backbone.Path, "-o", _folder.At("out"), "--dry-run", .. more]);
        Assert.True(run.ExitCode == 0, run.Error);
        return run;
    }
}
