// The training loop: which epoch is kept, when it stops, what it does about bad runs.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Pipeline;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly FrozenBackbone.Lease _lease;
    private readonly TunedModel _model;
    private readonly List<Example> _rows;

    public TrainerTests()
    {
        _lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        _rows = [.. Reviews.Rows(16).Select((r, i) => TextClassification.Example(_lease.Backbone.Tokenizer.Encode(r.Text, null, 32), i % 2))];
        _model = TunedModel.Create(FrozenBackbone.Use(_backbone.Path, torch.CPU), new DeepPrompt { Length = 2 }, classes: 2, pools: true, headDropout: null, seed: 1);
    }

    [Theory]
    [InlineData(new[] { 0.1, 0.9, 0.5, 0.8 }, 2)]
    [InlineData(new[] { 0.9, 0.1, 0.2, 0.3 }, 1)]
    [InlineData(new[] { 0.1, 0.2, 0.3, 0.4 }, 4)]
    public void The_parameters_of_the_best_epoch_are_kept(double[] scores, int best)
    {
        var watcher = new Watcher(_model);
        var report = Run(new TextClassificationOptions("unread") { Epochs = 4, BatchSize = 4 }, watcher, scores);
        Assert.Equal(best, report.BestEpoch);
        Assert.Equal(4, report.Epochs.Count);
        Assert.Equal(scores, report.Epochs.Select(e => e.ValidationScore!.Value));
        Assert.Equal(watcher.ParametersAfterEpoch[best - 1], Parameters());
        Assert.NotEqual(watcher.ParametersAfterEpoch[best == 4 ? 0 : 3], Parameters());
    }

    [Fact]
    public void Of_epochs_that_score_alike_the_one_of_least_loss_is_kept()
    {
        var report = Run(new TextClassificationOptions("unread") { Epochs = 4, BatchSize = 4 }, new Watcher(_model), [0.5, 0.5, 0.5, 0.5]);
        Assert.Equal(report.Epochs.MinBy(e => e.ValidationLoss)!.Number, report.BestEpoch);
    }

    [Theory]
    [InlineData(1, new[] { 0.5, 0.4, 0.9, 0.9 }, 2)]
    [InlineData(2, new[] { 0.5, 0.4, 0.6, 0.1, 0.1, 0.9 }, 5)]
    public void Training_stops_after_as_many_epochs_without_a_better_score_as_patience_allows(int patience, double[] scores, int epochs) =>
        Assert.Equal(epochs, Run(new TextClassificationOptions("unread") { Epochs = scores.Length, BatchSize = 16, Patience = patience }, new Watcher(_model), scores).Epochs.Count);

    [Fact]
    public void Without_a_validation_set_the_last_epoch_is_kept()
    {
        var watcher = new Watcher(_model);
        var report = Run(new TextClassificationOptions("unread") { Epochs = 3, BatchSize = 4 }, watcher, null);
        Assert.Equal(3, report.BestEpoch);
        Assert.All(report.Epochs, e => Assert.Null(e.ValidationScore));
        Assert.Equal(watcher.ParametersAfterEpoch[2], Parameters());
    }

    [Fact]
    public void The_validation_loss_is_the_mean_cross_entropy_of_the_probabilities()
    {
        var report = Run(new TextClassificationOptions("unread") { Epochs = 1, BatchSize = 5 }, new Watcher(_model), [1]);
        double expected = _rows.Zip(_model.Predict(_rows)).Average(p => -Math.Log(p.Second[p.First.Targets[0]]));
        Assert.Equal(expected, report.Epochs[0].ValidationLoss!.Value, 1e-5);
    }

    [Fact]
    public void Every_step_and_epoch_is_told_in_order()
    {
        var watcher = new Watcher(_model);
        Run(new TextClassificationOptions("unread") { Epochs = 2, BatchSize = 6 }, watcher, null);
        Assert.Equal([(1, 1, 3), (1, 2, 3), (1, 3, 3), (2, 1, 3), (2, 2, 3), (2, 3, 3)], watcher.Steps);
        Assert.Equal(2, watcher.ParametersAfterEpoch.Count);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    public void A_loss_that_is_no_number_stops_with_the_step_and_what_to_lower(int batchSize)
    {
        // With all rows in one step, no later step's loss would tell.
        var error = Assert.Throws<InvalidOperationException>(() => Run(new TextClassificationOptions("unread") { Epochs = 1, BatchSize = batchSize }, new Watcher(_model), null, rate: 1e30));
        Assert.Matches("step [12] .*LearningRate \\(it is 1e\\+30\\)", error.Message);
    }

    [Fact]
    public void A_model_that_predicts_one_class_for_an_epoch_is_warned_about()
    {
        var same = _lease.Backbone.Tokenizer.Encode("the film", null, 32);
        Example[] rows = [.. Enumerable.Range(0, 16).Select(i => TextClassification.Example(same, i < 15 ? 1 : 0))];
        var watcher = new Watcher(_model);
        Train(rows, new TextClassificationOptions("unread") { Epochs = 4, BatchSize = 4 }, watcher, null, 0.05);
        Assert.Contains(watcher.Warnings, w => w.Contains("class 2 of 2") && w.Contains("LearningRate") && w.Contains("ClassWeights"));
    }

    [Fact]
    public void A_model_that_tells_classes_apart_is_not_warned_about()
    {
        var report = Run(new TextClassificationOptions("unread") { Epochs = 40, BatchSize = 4 }, new Watcher(_model), null, rate: 0.05);
        Assert.InRange(report.Epochs[^1].TrainingLoss, 0, 0.5);
        var watcher = new Watcher(_model);
        Run(new TextClassificationOptions("unread") { Epochs = 1, BatchSize = 4 }, watcher, null);
        Assert.Empty(watcher.Warnings);
    }

    [Fact]
    public void Class_weights_make_up_for_rare_classes()
    {
        // Nothing but its frequency tells a class: without weights 3 in 4 rows, with them an even chance.
        var same = _lease.Backbone.Tokenizer.Encode("the film", null, 32);
        Example[] rows = [.. Enumerable.Range(0, 16).Select(i => TextClassification.Example(same, i % 4 == 0 ? 1 : 0))];
        Assert.Equal(0.75, ProbabilityOfFirst(null), 0.08);
        Assert.Equal(0.5, ProbabilityOfFirst([1, 3]), 0.08);

        double ProbabilityOfFirst(double[]? weights)
        {
            using var model = TunedModel.Create(FrozenBackbone.Use(_backbone.Path, torch.CPU), new HeadOnly(), 2, pools: true, headDropout: 0, seed: 1);
            var options = new TextClassificationOptions("unread") { Epochs = 60, BatchSize = 16, ClassWeights = weights, HeadDropout = 0 };
            new Trainer(model, options, 0.05, 1, ["a", "b"], TextClassification.Accuracy, new Watcher(model)).Run(rows, null, 0);
            return model.Predict(rows[..1])[0][0];
        }
    }

    [Fact]
    public void A_canceled_token_stops_between_two_steps()
    {
        using var cancel = new CancellationTokenSource();
        var watcher = new Watcher(_model) { OnStep = step => { if (step == 2) cancel.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => Run(new TextClassificationOptions("unread") { Epochs = 4, BatchSize = 4, CancellationToken = cancel.Token }, watcher, null));
        Assert.Equal(2, watcher.Steps.Count);
    }

    public void Dispose()
    {
        _model.Dispose();
        _lease.Dispose();
        _backbone.Dispose();
    }

    private TrainingReport Run(TrainingOptions options, Watcher watcher, double[]? scores, double rate = 0.01) => Train(_rows, options, watcher, scores, rate);

    private TrainingReport Train(IReadOnlyList<Example> rows, TrainingOptions options, Watcher watcher, double[]? scores, double rate)
    {
        int epoch = 0;
        return new Trainer(_model, options, rate, 1, ["a", "b"], (_, _) => scores![epoch++], watcher).Run(rows, scores is null ? null : rows, 0);
    }

    private float[] Parameters() => ParametersOf(_model);

    private static float[] ParametersOf(TunedModel model) => ComputeThread.Run(() => model.Parameters.SelectMany(p => ParameterFactory.ToArray(p.Value)).ToArray());

    private sealed class Watcher(TunedModel model) : ITrainingObserver
    {
        public List<(int Epoch, int Step, int Steps)> Steps { get; } = [];

        public List<float[]> ParametersAfterEpoch { get; } = [];

        public List<string> Warnings { get; } = [];

        public Action<int>? OnStep { get; init; }

        public void AfterStep(int epoch, int step, int stepsPerEpoch, double loss)
        {
            Steps.Add((epoch, step, stepsPerEpoch));
            OnStep?.Invoke(Steps.Count);
        }

        public void AfterEpoch(TrainingEpoch epoch) => ParametersAfterEpoch.Add(ParametersOf(model));

        public void Warn(string message) => Warnings.Add(message);
    }
}
