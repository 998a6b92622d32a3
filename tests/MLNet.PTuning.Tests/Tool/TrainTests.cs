// ptuning train on small files of every task: what it writes, says and scores.
using System.Text.Json;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool;

namespace MLNet.PTuning.Tests.Tool;

public sealed class TrainTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Fact]
    public void A_CSV_file_becomes_a_model_its_scores_and_its_predictions()
    {
        File.WriteAllText(_folder.At("reviews.csv"), DataFiles.Csv(120));
        var run = Train("classify", "reviews.csv", "--epochs", "12", "--prompt-length", "4");

        Assert.Equal((ExitCodes.Done, ""), (run.ExitCode, run.ExitCode == 0 ? "" : run.Error));
        Assert.Equal(["OutModel.consumption.cs", "OutModel.csproj", "OutModel.evaluate.cs", "OutModel.training.cs", "Program.cs", "metrics.json", "model.zip", "predictions.csv", "report.html"],
            Directory.GetFiles(_folder.At("out")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["out", "reviews.csv"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
        var metrics = JsonDocument.Parse(File.ReadAllText(_folder.At("out/metrics.json"))).RootElement;
        Assert.True(metrics.GetProperty("scores").GetProperty("value").GetDouble() > 0.8);
        Assert.Equal(0.5, metrics.GetProperty("majority").GetProperty("value").GetDouble());
        Assert.InRange(metrics.GetProperty("headOnly").GetProperty("value").GetDouble(), 0, 1);
        Assert.Equal(4, metrics.GetProperty("options").GetProperty("method").GetProperty("Length").GetInt32());
        Assert.Equal("reviews", metrics.GetProperty("name").GetString());
        string[] predictions = File.ReadAllLines(_folder.At("out/predictions.csv"));
        Assert.Equal((25, "row,input,gold,predicted,probability,probability of pos,probability of neg"), (predictions.Length, predictions[0]));
        Assert.Contains("this model", run.Output);
        Assert.Contains("Text is 'text' (its name; --text names another)", run.Error);
        Assert.Contains("96 rows to train on, 24 to test on", run.Error);
    }

    [Theory]
    [InlineData("label", "words.conll", "entityF1")]
    [InlineData("answer", "questions.jsonl", "f1")]
    [InlineData("choose", "choices.jsonl", "accuracy")]
    public void Every_task_of_an_encoder_is_trained_and_scored(string task, string file, string score)
    {
        File.WriteAllText(_folder.At(file), task switch { "label" => DataFiles.Conll(60), "answer" => DataFiles.Questions(60), _ => DataFiles.Choices(60) });
        var run = Train(task, file, "--epochs", "2", "--prompt-length", "4", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        var scores = run.Json.GetProperty("scores");
        Assert.Equal(score, scores.GetProperty("main").GetString());
        Assert.InRange(scores.GetProperty("value").GetDouble(), 0, 1);
        Assert.True(run.Json.TryGetProperty("headOnly", out _));
        Assert.True(File.Exists(_folder.At(task == "choose" ? "out/predictions.csv" : "out/predictions.jsonl")));
    }

    [Fact]
    public void A_decoder_is_trained_to_write()
    {
        using var decoder = new TinyDecoder();
        File.WriteAllText(_folder.At("endings.jsonl"), DataFiles.Endings(40));
        var run = CommandLine.Run("train", "generate", _folder.At("endings.jsonl"), "--backbone", decoder.Path, "-o", _folder.At("out"), "--epochs", "1", "--prompt-length", "2", "--max-new-tokens", "4", "--threads", "1", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal("rougeL", run.Json.GetProperty("scores").GetProperty("main").GetString());
    }

    [Fact]
    public void The_same_seed_gives_the_same_scores_and_rows_to_test_on()
    {
        File.WriteAllText(_folder.At("reviews.csv"), DataFiles.Csv(60));
        string[] predictions = [.. Enumerable.Range(0, 2).Select(i =>
        {
            Assert.Equal(0, Train("classify", "reviews.csv", "--epochs", "1", "--seed", "7", "--force", "--no-head-only").ExitCode);
            return File.ReadAllText(_folder.At("out/predictions.csv"));
        })];
        Assert.Equal(predictions[0], predictions[1]);
    }

    [Fact]
    public void A_stopped_run_leaves_a_checkpoint_and_resumes_to_the_same_model()
    {
        File.WriteAllText(_folder.At("reviews.csv"), DataFiles.Csv(120));
        string[] arguments = ["--epochs", "6", "--no-head-only"];
        using var cancellation = new CancellationTokenSource();
        var stopped = Stopped(cancellation, arguments);
        Assert.Equal(ExitCodes.Canceled, stopped.ExitCode);
        Assert.Contains("--resume", stopped.Error);
        Assert.Equal(["out.checkpoint", "reviews.csv"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());

        Assert.Equal(0, Train("classify", "reviews.csv", [.. arguments, "--resume"]).ExitCode);
        string resumed = File.ReadAllText(_folder.At("out/predictions.csv"));
        Assert.Equal(["out", "reviews.csv"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
        Assert.Equal(0, Train("classify", "reviews.csv", [.. arguments, "--force"]).ExitCode);
        Assert.Equal(File.ReadAllText(_folder.At("out/predictions.csv")), resumed);
    }

    [Fact]
    public void A_search_says_its_trials()
    {
        File.WriteAllText(_folder.At("reviews.csv"), DataFiles.Csv(40));
        var run = Train("classify", "reviews.csv", "--search", "2", "--epochs", "2", "--no-head-only", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.True(run.Json.GetProperty("search").GetArrayLength() >= 2);
        Assert.Contains("Trial 2: length", run.Error);
        Assert.Equal(["out", "reviews.csv"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Calibration_takes_validation_rows_and_says_its_temperature()
    {
        File.WriteAllText(_folder.At("reviews.csv"), DataFiles.Csv(200));
        var run = Train("classify", "reviews.csv", "--epochs", "2", "--no-head-only", "--calibrate", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.InRange(run.Json.GetProperty("training").GetProperty("calibration").GetProperty("temperature").GetDouble(), 0.05, 20);
        Assert.Equal(0.1, run.Json.GetProperty("options").GetProperty("validationShare").GetDouble());
    }

    [Fact]
    public void A_dry_run_says_what_was_found_and_writes_nothing()
    {
        File.WriteAllText(_folder.At("reviews.tsv"), DataFiles.Csv(40, delimiter: '\t'));
        var run = Train("classify", "reviews.tsv", "--dry-run");
        Assert.Equal((0, ""), (run.ExitCode, run.Output));
        Assert.Contains("separated by tabs", run.Error);
        Assert.Equal(["reviews.tsv"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private CommandLine Train(string task, string file, params string[] more) =>
        CommandLine.Run(["train", task, _folder.At(file), "--backbone", _backbone.Path, "-o", _folder.At("out"), "--threads", "1", .. more]);

    // Stops when the second epoch has been said.
    private CommandLine Stopped(CancellationTokenSource cancellation, string[] more)
    {
        using StringWriter output = new();
        using var error = new WatchedWriter(text =>
        {
            if (text.Contains("epoch 2 of")) cancellation.Cancel();
        });
        int code = MLNet.PTuning.Tool.Commands.PTuningCommand.RunAsync(["train", "classify", _folder.At("reviews.csv"), "--backbone", _backbone.Path, "-o", _folder.At("out"), "--threads", "1", .. more],
            new Terminal(output, error), cancellation.Token).GetAwaiter().GetResult();
        return new CommandLine(code, output.ToString(), error.ToString());
    }

    private sealed class WatchedWriter(Action<string> watch) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            watch(value ?? "");
        }
    }
}
