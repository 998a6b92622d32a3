// What training reports while it runs and when it is done: ML.NET's log, the app's progress object, the report.
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Training;

public sealed class ReportingTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<LoggingEventArgs> _log = [];

    public ReportingTests() => _ml.Log += (_, line) => _log.Add(line);

    [Fact]
    public void The_log_tells_what_is_trained_and_every_epoch()
    {
        var options = Options();
        options.ValidationSet = _ml.Data.LoadFromEnumerable(Reviews.Rows(8, seed: 2));
        using var model = Train(options, Reviews.Rows(24));
        Assert.Contains(_log, l => l.Kind == ChannelMessageKind.Info && l.RawMessage.Contains($"DeepPrompt on 24 rows of 2 classes: {model.Report!.TrainedParameters} of {model.Report.TotalParameters} parameters"));
        Assert.Contains(_log, l => Regex.IsMatch(l.RawMessage, "^Epoch 1 of 3: loss .*, validation loss .*, [0-9.]+ s, peak memory [1-9][0-9]* MB$"));
        Assert.Contains(_log, l => l.RawMessage.StartsWith("Epoch 3 of 3: loss "));
        Assert.All(_log.Where(l => l.RawMessage.StartsWith("Epoch ")), l => Assert.Contains("PTuningClassificationEstimator", l.Source));
    }

    [Fact]
    public void A_report_is_a_line_of_text()
    {
        var report = new TrainingReport([new(1, 0.7, 0.69, 0.5, 1), new(2, 0.4, 0.5, 0.875, 1)], BestEpoch: 2, Rows: 24, SkippedRows: 3, TrainedParameters: 50, TotalParameters: 10_000, 2.04, Seed: 7, "cpu");
        Assert.Equal("2 epochs on 24 rows (3 without a label left out) in 2.0 s on cpu, seed 7: training loss 0.7000 to 0.4000, epoch 2 kept, validation score 0.8750; 50 of 10000 parameters trained (0.50 %)",
            report.ToString());
    }

    [Fact]
    public void Rows_without_a_label_are_left_out_and_counted()
    {
        var rows = Reviews.Rows(12).Append(new Review { Text = "a good day", Label = "" }).Append(new Review { Text = "a bad day" });
        using var model = Train(Options(), rows);
        Assert.Equal((12, 2), (model.Report!.Rows, model.Report.SkippedRows));
        Assert.Contains(_log, l => l.Kind == ChannelMessageKind.Warning && l.RawMessage.Contains("2 of 14 rows have no label"));
    }

    [Fact]
    public void Rows_that_were_cut_are_counted()
    {
        var options = Options();
        options.MaxSequenceLength = 10;
        using var model = Train(options, Reviews.Rows(8).Select(r => new Review { Text = "good", Label = r.Label })
            .Append(new Review { Text = string.Join(' ', Enumerable.Repeat("bad", 50)), Label = "negative" }));
        Assert.Contains(_log, l => l.Kind == ChannelMessageKind.Warning && l.RawMessage.Contains("1 of 9 rows are longer than 10 word pieces (the longest has 52)"));
    }

    [Fact]
    public void A_collapse_is_warned_about_in_the_log()
    {
        var options = Options();
        options.LearningRate = 0.05;
        using var model = Train(options, Enumerable.Range(0, 24).Select(i => new Review { Text = "the film", Label = i < 22 ? "often" : "seldom" }));
        Assert.Contains(_log, l => l.Kind == ChannelMessageKind.Warning && l.RawMessage.Contains("every row was predicted as class 1 of 2"));
    }

    [Fact]
    public void The_apps_progress_object_is_told_every_step()
    {
        var told = new Told();
        var options = Options();
        options.Progress = told;
        using var model = Train(options, Reviews.Rows(20));
        Assert.Equal(Enumerable.Range(1, 3).SelectMany(epoch => Enumerable.Range(1, 3).Select(step => (epoch, 3, step, 3))), told.Steps.Select(p => (p.Epoch, p.Epochs, p.Step, p.Steps)));
        Assert.All(told.Steps, p => Assert.InRange(p.Loss, 0.0, 10.0));
        Assert.Equal(told.Steps.Take(3).Average(p => p.Loss), model.Report!.Epochs[0].TrainingLoss, 1e-9);
    }

    [Fact]
    public void What_the_apps_progress_object_throws_ends_training()
    {
        var options = Options();
        options.Progress = new Told { Error = new TimeoutException("enough") };
        Assert.Throws<TimeoutException>(() => Train(options, Reviews.Rows(20)));
    }

    [Fact]
    public void A_canceled_token_stops_training()
    {
        using var cancel = new CancellationTokenSource();
        var told = new Told { AfterStep = step => { if (step == 4) cancel.Cancel(); } };
        var options = Options();
        (options.Progress, options.CancellationToken) = (told, cancel.Token);
        Assert.Throws<OperationCanceledException>(() => Train(options, Reviews.Rows(20)));
        Assert.Equal(4, told.Steps.Count);
    }

    [Fact]
    public void The_report_counts_parameters_and_tells_the_run()
    {
        var options = Options();
        options.Seed = 17;
        using var model = Train(options, Reviews.Rows(20));
        var report = model.Report!;
        // A prompt of 4 keys and values of size 16 at 2 layers, and a head of 2 classes.
        Assert.Equal(4 * 2 * 2 * 16 + 2 * 16 + 2, report.TrainedParameters);
        Assert.Equal(report.TrainedParameters + FrozenParameters(), report.TotalParameters);
        Assert.Equal((double)report.TrainedParameters / report.TotalParameters, report.TrainedShare);
        Assert.Equal((20, 0, 17, "cpu", 3), (report.Rows, report.SkippedRows, report.Seed, report.Device, report.BestEpoch));
        Assert.Equal([1, 2, 3], report.Epochs.Select(e => e.Number));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Validation_labels_may_be_plain_or_keys_of_another_order(bool keys)
    {
        var rows = Reviews.Rows(20, seed: 2);
        var reversed = _ml.Data.LoadFromEnumerable(Enumerable.Reverse(rows));
        var options = Options();
        options.Epochs = 8;
        options.ValidationSet = keys ? _ml.Transforms.Conversion.MapValueToKey("Label").Fit(reversed).Transform(reversed) : reversed;
        using var model = Train(options, Reviews.Rows(40));
        // Keys taken as they are would make this 1 minus the accuracy.
        double accuracy = rows.Zip(Reviews.Predict(model, rows)).Average(p => p.First.Label == model.ClassNames[(int)p.Second.PredictedLabel - 1] ? 1.0 : 0.0);
        Assert.Equal(accuracy, model.Report!.Epochs[model.Report.BestEpoch - 1].ValidationScore!.Value, 1e-9);
        Assert.True(accuracy > 0.8);
    }

    public void Dispose() => _backbone.Dispose();

    private TextClassificationOptions Options()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 3;
        return options;
    }

    private PTuningClassificationTransformer Train(TextClassificationOptions options, IEnumerable<Review> rows) =>
        Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows)).LastTransformer;

    private long FrozenParameters()
    {
        using var file = MLNet.PTuning.Files.WeightFile.Open(_backbone.At("model.safetensors"));
        return file.Entries.Values.Sum(e => e.Count);
    }

    private sealed class Told : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Steps { get; } = [];

        public Action<int>? AfterStep { get; init; }

        public Exception? Error { get; init; }

        public void Report(TrainingProgress value)
        {
            Steps.Add(value);
            AfterStep?.Invoke(Steps.Count);
            if (Error is not null) throw Error;
        }
    }
}
