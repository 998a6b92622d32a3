// The loop of multi-task training: which epoch's parameters are kept for all tasks, when training stops, and what a step changes.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Pipeline;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Training;

public sealed class MultiTaskTrainerTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TunedModel[] _models;
    private readonly List<Example> _rows;
    private readonly List<float[]> _afterEpoch = [];
    private readonly List<TrainingEpoch> _told = [];
    private Action<int> _afterStep = _ => { };

    public MultiTaskTrainerTests()
    {
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        _rows = [.. Reviews.Rows(16).Select((r, i) => TextClassification.Example(lease.Backbone.Tokenizer.Encode(r.Text, null, 32), i % 2))];
        var first = TunedModel.Create(Use(), new SoftPrompt { Length = 2 }, classes: 2, pools: true, headDropout: null, seed: 1, taskRank: 1);
        _models = [first, .. Enumerable.Range(1, 2).Select(i => TunedModel.Sharing(first, Use(), classes: 2, pools: true, headDropout: null, seed: 1 + i, words: null))];
    }

    [Theory]
    [InlineData(new[] { 0.1, 0.9, 0.5, 0.8 }, null, 2)]
    [InlineData(new[] { 0.1, 0.9, 0.5, 0.8 }, new[] { 0.1, 0.1, 0.6, 0.1 }, 3)]
    [InlineData(new[] { 0.9, 0.1, 0.1, 0.1 }, new[] { 0.1, 0.2, 0.3, 0.4 }, 1)]
    [InlineData(null, new[] { 0.1, 0.2, 0.3, 0.4 }, 4)]
    [InlineData(null, null, 4)]
    public void All_tasks_keep_the_parameters_of_the_epoch_with_the_best_mean_score(double[]? first, double[]? second, int best)
    {
        var (curves, kept, _) = Run(first, second);
        Assert.Equal(best, kept);
        Assert.Equal(4, _afterEpoch.Count);
        Assert.Equal(_afterEpoch[best - 1], Parameters());
        Assert.NotEqual(_afterEpoch[best == 4 ? 0 : 3], Parameters());
        Assert.Equal(first?.Select(s => (double?)s) ?? [null, null, null, null], curves[0].Select(e => e.ValidationScore));
        Assert.Equal(second?.Select(s => (double?)s) ?? [null, null, null, null], curves[1].Select(e => e.ValidationScore));
        Assert.All(curves[2], e => Assert.Null(e.ValidationLoss));
    }

    [Fact]
    public void What_is_told_of_an_epoch_is_the_mean_over_the_tasks_that_are_scored()
    {
        var (curves, _, _) = Run([0.2, 0.4, 0.6, 0.8], [0.4, 0.8, 0.2, 0.2]);
        Assert.Equal([0.3, 0.6, 0.4, 0.5], _told.Select(e => Math.Round(e.ValidationScore!.Value, 12)));
        for (int epoch = 0; epoch < 4; epoch++) Assert.Equal((curves[0][epoch].ValidationLoss + curves[1][epoch].ValidationLoss) / 2, _told[epoch].ValidationLoss);
        double expected = _rows.Zip(_models[1].Predict(_rows)).Average(p => -Math.Log(p.Second[p.First.Targets[0]]));
        Assert.Equal(expected, curves[1][1].ValidationLoss!.Value, 1e-5);
    }

    [Fact]
    public void Training_stops_after_as_many_epochs_without_a_better_mean_score_as_patience_allows()
    {
        var (curves, kept, _) = Run([0.5, 0.4, 0.3, 0.9], [0.1, 0.3, 0.2, 0.9], patience: 1);
        Assert.Equal((2, 3), (kept, curves[0].Count));
        Assert.Equal(_afterEpoch[1], Parameters());
    }

    [Fact]
    public void A_step_changes_what_is_its_tasks_own_and_nothing_of_a_task_without_rows_in_it()
    {
        var before = Own();
        int[] changed = new int[3];
        _afterStep = _ =>
        {
            var after = Own();
            int[] those = [.. Enumerable.Range(0, 3).Where(task => !before[task].SequenceEqual(after[task]))];
            changed[Assert.Single(those)]++;
            before = after;
        };
        Run(null, null, batchSize: 1);
        Assert.Equal(4 * 3 * _rows.Count, changed.Sum());
        Assert.All(changed, steps => Assert.InRange(steps, 40, 90));

        float[][] Own() => ComputeThread.Run(() => _models.Select(m => m.OwnParameters.SelectMany(p => ParameterFactory.ToArray(p.Value)).ToArray()).ToArray());
    }

    [Fact]
    public void An_epoch_is_as_many_rows_as_the_tasks_have()
    {
        var steps = new List<int>();
        _afterStep = steps.Add;
        Run(null, null, batchSize: 32);
        // 3 times 16 rows.
        Assert.Equal([1, 2, 1, 2, 1, 2, 1, 2], steps);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_loss_that_is_no_number_is_an_error_that_names_its_task(int task)
    {
        ComputeThread.Run(() => ParameterFactory.Copy([.. Enumerable.Repeat(float.NaN, 2)], _models[task].OwnParameters[^1].Value));
        string message = Assert.Throws<InvalidOperationException>(() => Run(null, null)).Message;
        Assert.Contains($"the loss of task 'task {task}' is NaN in epoch 1", message);
    }

    [Fact]
    public void Training_stops_between_two_steps_where_its_token_is_canceled()
    {
        using var canceled = new CancellationTokenSource();
        int steps = 0;
        _afterStep = _ =>
        {
            if (++steps == 5) canceled.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => Run(null, null, cancellation: canceled.Token));
        Assert.Equal(5, steps);
    }

    public void Dispose()
    {
        foreach (var model in _models) model.Dispose();
        _backbone.Dispose();
    }

    private FrozenBackbone.Lease Use() => FrozenBackbone.Use(_backbone.Path, torch.CPU);

    // The third task is never scored.
    private (IReadOnlyList<IReadOnlyList<TrainingEpoch>> Curves, int BestEpoch, IReadOnlyList<TrainingCalibration?> Calibrations) Run(double[]? first, double[]? second, int? patience = null, int batchSize = 4, CancellationToken cancellation = default)
    {
        double[]?[] scores = [first, second, null];
        SharedTask[] tasks = [.. _models.Select((model, i) =>
        {
            int epoch = 0;
            return new SharedTask($"task {i}", model, _rows, null, scores[i] is null ? null : _rows, (_, _) => scores[i]![epoch++]);
        })];
        var options = new MultiTaskOptions(_backbone.Path) { Epochs = 4, BatchSize = batchSize, Patience = patience, Sampling = TaskSampling.Uniform, CancellationToken = cancellation };
        return new MultiTaskTrainer(tasks, new TaskSampler([.. tasks.Select(t => t.Rows.Count)], options.Sampling, options.Temperature), options, rate: 0.01, seed: 1, new Watcher(this)).Run();
    }

    private float[] Parameters() => ComputeThread.Run(() => _models.SelectMany(m => m.Parameters).SelectMany(p => ParameterFactory.ToArray(p.Value)).ToArray());

    private sealed class Watcher(MultiTaskTrainerTests tests) : ITrainingObserver
    {
        public void AfterStep(int epoch, int step, int stepsPerEpoch, double loss) => tests._afterStep(step);

        public void AfterEpoch(TrainingEpoch epoch)
        {
            tests._told.Add(epoch);
            tests._afterEpoch.Add(tests.Parameters());
        }

        public void Warn(string message) => Assert.Fail(message);
    }
}
