// Checkpoints: a run that was stopped is resumed bit for bit, and one of other rows or settings is refused with what differs.
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Training;

public sealed class CheckpointTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly List<Review> _rows = Reviews.Rows(24);
    private Func<TextClassificationOptions>? _options;

    private string File => _folder.At("run.ckpt");

    public static TheoryData<int> Ends => [1, 3, 4, 6, 8, 11];

    [Theory]
    [MemberData(nameof(Ends))]
    public void A_canceled_run_is_resumed_to_the_same_weights_and_the_same_curve(int lastStep)
    {
        using var alone = Train(_ => { });
        TrainUntil(lastStep, o => o.CheckpointEverySteps = 1);
        using var resumed = Train(o => o.ResumeFrom = File);
        Assert.Equal(SavedWeights.Of(alone), SavedWeights.Of(resumed));
        Assert.Equal(alone.Report!.BestEpoch, resumed.Report!.BestEpoch);
        Assert.Equal(alone.Report.Epochs.Select(e => e with { Seconds = 0 }), resumed.Report.Epochs.Select(e => e with { Seconds = 0 }));
    }

    [Fact]
    public void Only_the_steps_after_the_checkpoint_are_taken_again()
    {
        TrainUntil(5, o => o.CheckpointEverySteps = 2);
        var steps = new Steps();
        using var resumed = Train(o => (o.ResumeFrom, o.Progress) = (File, steps));
        Assert.Equal((2, 2), steps.Taken[0]);
        Assert.Equal(8, steps.Taken.Count);
    }

    [Fact]
    public void Without_an_interval_a_checkpoint_is_written_after_every_epoch()
    {
        TrainUntil(8, _ => { });
        var steps = new Steps();
        using var resumed = Train(o => (o.ResumeFrom, o.Progress) = (File, steps));
        Assert.Equal((3, 1), steps.Taken[0]);
    }

    [Fact]
    public void An_interval_of_time_writes_checkpoints_within_epochs()
    {
        TrainUntil(5, o => o.CheckpointEvery = TimeSpan.FromTicks(1));
        var steps = new Steps();
        using var resumed = Train(o => (o.ResumeFrom, o.Progress) = (File, steps));
        Assert.Equal((2, 3), steps.Taken[0]);
    }

    [Fact]
    public void A_finished_run_that_is_continued_gives_its_model_without_a_step()
    {
        using var first = Train(o => o.CheckpointPath = File);
        var steps = new Steps();
        using var again = Train(o => (o.ResumeFrom, o.Progress) = (File, steps));
        Assert.Empty(steps.Taken);
        Assert.Equal(SavedWeights.Of(first), SavedWeights.Of(again));
    }

    [Fact]
    public void A_run_that_lost_patience_does_not_go_on_when_it_is_continued()
    {
        using var first = Train(o => (o.CheckpointPath, o.Patience, o.Epochs, o.LearningRate) = (File, 1, 20, 1e-9));
        Assert.InRange(first.Report!.Epochs.Count, 2, 19);
        using var again = Train(o => (o.ResumeFrom, o.Patience, o.Epochs, o.LearningRate) = (File, 1, 20, 1e-9));
        Assert.Equal(first.Report.Epochs, again.Report!.Epochs);
        Assert.Equal(SavedWeights.Of(first), SavedWeights.Of(again));
    }

    [Fact]
    public void Where_there_is_no_seed_the_checkpoints_is_taken()
    {
        using var first = Train(o => (o.CheckpointPath, o.Seed) = (File, 41));
        using var again = Train(o => (o.ResumeFrom, o.Seed) = (File, null));
        Assert.Equal(41, again.Report!.Seed);
        Assert.Equal(SavedWeights.Of(first), SavedWeights.Of(again));
    }

    [Fact]
    public void A_checkpoint_of_other_settings_is_refused_with_what_differs()
    {
        TrainUntil(2, o => o.CheckpointEverySteps = 1);
        AssertRefused(o => o.Epochs = 9, "Epochs: 4 there, 9 here");
        AssertRefused(o => o.BatchSize = 7, "BatchSize: 8 there, 7 here");
        AssertRefused(o => o.LearningRate = 0.25, "LearningRate: ", ", 0.25 here");
        AssertRefused(o => o.Seed = 6, "Seed: 5 there, 6 here");
        AssertRefused(o => o.ClassWeights = [1, 2], "ClassWeights: null there, 1, 2 here");
        AssertRefused(o => o.Method = new DeepPrompt { Length = 5 }, "Method: {\"$type\":\"DeepPrompt\",\"Length\":4");
        AssertRefused(o => o.Method = new HeadOnly(), "{\"$type\":\"HeadOnly\"");
        AssertRefused(o => o.ValidationSet = null, "validation rows: 6 of content");
    }

    [Fact]
    public void A_checkpoint_of_other_rows_or_another_backbone_is_refused()
    {
        TrainUntil(2, o => o.CheckpointEverySteps = 1);
        _rows[3].Text += " bad";
        AssertRefused(_ => { }, "training rows: 24 of content");
        _rows.RemoveAt(3);
        AssertRefused(_ => { }, "23 of content");
        _backbone.SetConfig("layer_norm_eps", 1e-3);
        AssertRefused(_ => { }, "backbone: content");
    }

    [Fact]
    public void A_checkpoint_of_training_without_spans_does_not_name_them()
    {
        TrainUntil(2, o => o.CheckpointEverySteps = 1);
        Assert.DoesNotContain("Spans", System.Text.Encoding.UTF8.GetString(System.IO.File.ReadAllBytes(File)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(8)]
    public void A_run_of_the_head_alone_is_resumed_to_the_same_weights(int lastStep)
    {
        using var alone = Train(o => o.Method = new HeadOnly());
        TrainUntil(lastStep, o => (o.Method, o.CheckpointEverySteps) = (new HeadOnly(), 1));
        using var resumed = Train(o => (o.Method, o.ResumeFrom) = (new HeadOnly(), File));
        Assert.Equal(SavedWeights.Of(alone), SavedWeights.Of(resumed));
    }

    [Fact]
    public void A_run_of_the_head_alone_is_resumed_to_the_same_weights_where_an_encoder_rounds_otherwise_among_other_rows()
    {
        // With this activation libtorch computes the layers.
        string folder = Directory.CreateDirectory(_folder.At("relu")).FullName;
        foreach (string file in Directory.GetFiles(RealBackbones.Folder(RealBackbones.MiniLm))) System.IO.File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        string config = Path.Combine(folder, "config.json");
        System.IO.File.WriteAllText(config, System.IO.File.ReadAllText(config).Replace("\"gelu\"", "\"relu\""));
        _options = () => new(folder) { Method = new HeadOnly(), BatchSize = 8 };

        using var alone = Train(_ => { });
        TrainUntil(8, o => o.CheckpointEverySteps = 1);
        using var resumed = Train(o => o.ResumeFrom = File);
        Assert.Equal(SavedWeights.Of(alone), SavedWeights.Of(resumed));
    }

    [Fact]
    public void A_checkpoint_of_the_same_rows_under_other_class_names_is_refused()
    {
        TrainUntil(2, o => (o.CheckpointEverySteps, o.ValidationSet) = (1, null));
        foreach (var row in _rows) row.Label = row.Label == "positive" ? "negative" : "positive";
        AssertRefused(o => o.ValidationSet = null, "(classes: positive, negative there, negative, positive here)");
    }

    [Fact]
    public void A_file_that_is_no_checkpoint_is_refused_by_name()
    {
        string absent = _folder.At("absent.ckpt");
        Assert.Contains(absent, Assert.Throws<FileNotFoundException>(() => Train(o => o.ResumeFrom = absent)).Message);
        string weights = _backbone.At("model.safetensors");
        Assert.Contains(weights, Assert.Throws<InvalidDataException>(() => Train(o => o.ResumeFrom = weights)).Message);
        TrainUntil(2, o => o.CheckpointEverySteps = 1);
        System.IO.File.WriteAllBytes(File, System.IO.File.ReadAllBytes(File)[..^9]);
        Assert.Contains(File, Assert.Throws<InvalidDataException>(() => Train(o => o.ResumeFrom = File)).Message);
    }

    [Fact]
    public void A_path_that_cannot_be_written_to_is_found_before_the_first_step()
    {
        var steps = new Steps();
        Assert.Throws<DirectoryNotFoundException>(() => Train(o => (o.CheckpointPath, o.Progress) = (_folder.At("no/such/run.ckpt"), steps)));
        Assert.Empty(steps.Taken);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private void AssertRefused(Action<TextClassificationOptions> set, params string[] differences)
    {
        string message = Assert.Throws<ArgumentException>(() => Train(o =>
        {
            o.ResumeFrom = File;
            set(o);
        })).Message;
        Assert.All([File, .. differences], part => Assert.Contains(part, message));
    }

    private void TrainUntil(int lastStep, Action<TextClassificationOptions> set)
    {
        using var cancel = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Train(o =>
        {
            o.CheckpointPath = File;
            o.CancellationToken = cancel.Token;
            o.Progress = new Steps { OnStep = taken => { if (taken == lastStep) cancel.Cancel(); } };
            set(o);
        }));
    }

    // Four epochs of three steps.
    private PTuningClassificationTransformer Train(Action<TextClassificationOptions> set)
    {
        var ml = new Microsoft.ML.MLContext();
        var options = _options?.Invoke() ?? Reviews.Options(_backbone);
        (options.Epochs, options.Seed, options.ValidationSet) = (4, 5, ml.Data.LoadFromEnumerable(Reviews.Rows(6, seed: 2)));
        set(options);
        return Reviews.Pipeline(ml, options).Fit(ml.Data.LoadFromEnumerable(_rows)).LastTransformer;
    }

    private sealed class Steps : IProgress<TrainingProgress>
    {
        public List<(int Epoch, int Step)> Taken { get; } = [];

        public Action<int>? OnStep { get; init; }

        public void Report(TrainingProgress value)
        {
            Taken.Add((value.Epoch, value.Step));
            OnStep?.Invoke(Taken.Count);
        }
    }
}
