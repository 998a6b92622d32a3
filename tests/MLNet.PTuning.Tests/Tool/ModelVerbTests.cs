// predict, evaluate, inspect, export and import with a model that ptuning trained.
using System.Text.Json;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool;

namespace MLNet.PTuning.Tests.Tool;

public sealed class ModelVerbTests : IClassFixture<ModelVerbTests.Trained>, IDisposable
{
    private readonly Trained _trained;
    private readonly TempFolder _folder = new();

    public ModelVerbTests(Trained trained) => _trained = trained;

    [Fact]
    public void Predictions_of_a_file_are_those_of_the_training_run()
    {
        string[] tested = File.ReadAllLines(Path.Combine(_trained.Model, "predictions.csv"));
        var rows = tested.Skip(1).Select(line => line.Split(',')).ToList();
        File.WriteAllLines(_folder.At("new.csv"), ["text", .. rows.Select(row => row[1])]);
        var run = CommandLine.Run("predict", _trained.Model, _folder.At("new.csv"), "-o", _folder.At("predicted.csv"));
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(rows.Select(row => string.Join(',', [row[1], .. row[3..]])), File.ReadAllLines(_folder.At("predicted.csv")).Skip(1).Select(line => line[(line.IndexOf(',') + 1)..]));
        Assert.Equal(["new.csv", "predicted.csv"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Predictions_without_an_output_file_are_standard_output_and_with_json_an_object_a_line()
    {
        File.WriteAllText(_folder.At("new.jsonl"), "{\"text\": \"the film was good\"}\n{\"text\": null}\n{\"text\": \"a dull day, \\n\\\"awful\\\"\"}\n");
        var run = CommandLine.Run("predict", _trained.Model, _folder.At("new.jsonl"), "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        var rows = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["1", "3"], rows.Select(row => row.GetProperty("row").GetString()));
        Assert.Equal(1, rows[0].GetProperty("probabilities").EnumerateObject().Sum(p => p.Value.GetDouble()), 4);
        Assert.Contains("Rows without a text, which are left out: 1.", run.Error);
    }

    [Fact]
    public void Predicted_labels_of_words_have_as_many_fields_as_the_file_has_columns()
    {
        File.WriteAllLines(_folder.At("rows.csv"), ["sentence,labels", .. Enumerable.Range(0, 12).Select(i => i % 2 == 0 ? "good film,A B" : "bad day,C B")]);
        Assert.Equal(0, CommandLine.Run("train", "label", _folder.At("rows.csv"), "--backbone", _trained.Backbone.Path, "-o", _folder.At("labels"), "--epochs", "1", "--prompt-length", "4", "--threads", "1", "--no-head-only").ExitCode);
        string[] lines = CommandLine.Run("predict", _folder.At("labels"), _folder.At("rows.csv")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((13, "row,input,predicted,probability"), (lines.Length, lines[0]));
        Assert.All(lines, line => Assert.Equal(4, line.Split(',').Length));
    }

    [Fact]
    public void An_adapter_folder_that_is_inspected_is_said_to_be_one_to_import()
    {
        Assert.Equal(0, CommandLine.Run("export", _trained.Model, "--peft", _folder.At("peft")).ExitCode);
        var run = CommandLine.Run("inspect", _folder.At("peft"));
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains("ptuning import", Assert.Single(run.Error.TrimEnd().Split('\n')));
    }

    [Fact]
    public void Evaluation_of_the_test_rows_is_what_training_said()
    {
        string[] tested = File.ReadAllLines(Path.Combine(_trained.Model, "predictions.csv"));
        File.WriteAllLines(_folder.At("test.csv"), ["text,label", .. tested.Skip(1).Select(line => line.Split(',')).Select(row => $"{row[1]},{row[2]}")]);
        var run = CommandLine.Run("evaluate", _trained.Model, _folder.At("test.csv"), "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(_trained.Metrics.GetProperty("scores").GetRawText(), run.Json.GetProperty("scores").GetRawText());
    }

    [Fact]
    public void Labels_that_the_model_does_not_know_count_as_wrong_and_are_said()
    {
        File.WriteAllText(_folder.At("test.csv"), "text,label\nthe film was good,odd\nthe film was bad,odd\n");
        var run = CommandLine.Run("evaluate", _trained.Model, _folder.At("test.csv"), "--json");
        Assert.Equal(0, run.Json.GetProperty("scores").GetProperty("value").GetDouble());
        Assert.Contains("knows no class 'odd'", run.Error);
    }

    [Fact]
    public void Inspection_says_what_a_model_and_a_backbone_are()
    {
        var model = CommandLine.Run("inspect", _trained.Model, "--json").Json;
        Assert.Equal(("classify", "bert"), (model.GetProperty("task").GetString(), model.GetProperty("backbone").GetProperty("modelType").GetString()));
        Assert.Equal(["pos", "neg"], model.GetProperty("classNames").EnumerateArray().Select(name => name.GetString()));
        Assert.Contains("prefix_encoder.embedding.weight", model.GetProperty("tensors").EnumerateArray().Select(tensor => tensor.GetProperty("name").GetString()));
        var backbone = CommandLine.Run("inspect", _trained.Backbone.Path, "--json").Json;
        Assert.Equal((TinyBackbone.Layers, model.GetProperty("backboneHash").GetString()), (backbone.GetProperty("layerCount").GetInt32(), backbone.GetProperty("contentHash").GetString()));
        string text = CommandLine.Run("inspect", _trained.Model).Output;
        Assert.Contains("recipe           DeepPrompt {\"Length\":4", text);
        Assert.Contains("│ embeddings.LayerNorm.bias", CommandLine.Run("inspect", _trained.Backbone.Path, "--tensors").Output);
    }

    [Fact]
    public void A_model_that_was_exported_and_imported_predicts_the_same()
    {
        File.WriteAllText(_folder.At("new.csv"), "text\nthe film was good\na dull day\n");
        Assert.Equal(0, CommandLine.Run("export", _trained.Model, "--peft", _folder.At("peft")).ExitCode);
        Assert.Contains("adapter_config.json", Directory.GetFiles(_folder.At("peft")).Select(Path.GetFileName));
        var imported = CommandLine.Run("import", _folder.At("peft"), "--backbone", _trained.Backbone.Path, "-o", _folder.At("imported.zip"));
        Assert.True(imported.ExitCode == 0, imported.Error);
        Assert.Contains("classify, DeepPrompt, classes pos, neg", imported.Output);
        Assert.Equal(CommandLine.Run("predict", _trained.Model, _folder.At("new.csv")).Output, CommandLine.Run("predict", _folder.At("imported.zip"), _folder.At("new.csv")).Output);
        // A folder that is not empty is not written to.
        Assert.Equal(ExitCodes.BadInput, CommandLine.Run("export", _trained.Model, "--peft", _folder.At("peft")).ExitCode);
    }

    [Fact]
    public void A_fault_in_the_middle_of_a_file_is_said_and_leaves_the_older_output()
    {
        File.WriteAllText(_folder.At("new.csv"), "id,text\n" + string.Concat(DataFiles.Rows(3000).Select((row, i) => $"{i},{row.Text}{(i == 2500 ? ",more" : "")}\n")));
        File.WriteAllText(_folder.At("predicted.csv"), "older");
        var run = CommandLine.Run("predict", _trained.Model, _folder.At("new.csv"), "-o", _folder.At("predicted.csv"));
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains("new.csv, line 2502: 3 fields, where the file's first line has 2", run.Error.TrimEnd().Split('\n')[^1]);
        Assert.Equal("older", File.ReadAllText(_folder.At("predicted.csv")));
        Assert.Equal(["new.csv", "predicted.csv"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_model_whose_backbone_is_gone_says_which_option_names_it()
    {
        File.WriteAllText(_folder.At("new.csv"), "text\ngood\n");
        using var backbone = new TinyBackbone(seed: 9);
        File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(20));
        Assert.Equal(0, CommandLine.Run("train", "classify", _folder.At("rows.csv"), "--backbone", backbone.Path, "-o", _folder.At("out"), "--epochs", "1", "--no-head-only", "--threads", "1").ExitCode);
        Directory.Move(backbone.Path, _folder.At("moved"));
        Directory.CreateDirectory(backbone.Path);
        var run = CommandLine.Run("predict", _folder.At("out"), _folder.At("new.csv"));
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.EndsWith("Name its folder, or the folder above, with --backbone.", Assert.Single(run.Error.TrimEnd().Split('\n')));
    }

    [Fact]
    public void The_file_that_is_predicted_is_not_written_over()
    {
        File.WriteAllText(_folder.At("new.csv"), "text\nthe film was good\n");
        Assert.Equal(ExitCodes.BadUsage, CommandLine.Run("predict", _trained.Model, _folder.At("new.csv"), "-o", _folder.At("new.csv")).ExitCode);
        Assert.StartsWith("text\n", File.ReadAllText(_folder.At("new.csv")));
    }

    [Theory]
    [InlineData("nothing.zip", "There is no file")]
    [InlineData("text.zip", "is no model file")]
    [InlineData("empty", "has no model.zip")]
    public void What_is_no_model_is_said_in_a_sentence(string name, string sentence)
    {
        File.WriteAllText(_folder.At("text.zip"), "no zip");
        Directory.CreateDirectory(_folder.At("empty"));
        File.WriteAllText(_folder.At("new.csv"), "text\ngood\n");
        var run = CommandLine.Run("predict", _folder.At(name), _folder.At("new.csv"));
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains(sentence, Assert.Single(run.Error.TrimEnd().Split('\n')));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A model that these tests share.</summary>
    public sealed class Trained : IDisposable
    {
        private readonly TempFolder _folder = new();

        public Trained()
        {
            File.WriteAllText(_folder.At("reviews.csv"), DataFiles.Csv(120));
            var run = CommandLine.Run("train", "classify", _folder.At("reviews.csv"), "--backbone", Backbone.Path, "-o", Model, "--epochs", "8", "--prompt-length", "4", "--threads", "1", "--no-head-only", "--json");
            Assert.True(run.ExitCode == 0, run.Error);
            Metrics = run.Json;
        }

        internal TinyBackbone Backbone { get; } = new();

        public string Model => _folder.At("out");

        public JsonElement Metrics { get; }

        public void Dispose()
        {
            _folder.Dispose();
            Backbone.Dispose();
        }
    }
}
