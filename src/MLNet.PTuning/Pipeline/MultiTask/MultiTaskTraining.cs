// Trains one prompt for several tasks, each with a head of its own, and makes their transformers.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>Multi-task training of P-Tuning v2: tasks share the prompt, so that a task with few rows benefits from the others' rows.</summary>
public sealed class MultiTaskTraining
{
    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly MultiTaskOptions _options;

    internal MultiTaskTraining(IHostEnvironment environment, MultiTaskOptions options)
    {
        _options = (MultiTaskOptions)options.Copy();
        _options.Validate();
        _environment = environment;
        _host = environment.Register(nameof(MultiTaskTraining));
    }

    /// <summary>Trains the tasks together.</summary>
    /// <exception cref="ArgumentException">A task's column is missing or of another type, or it has nothing to learn from.</exception>
    /// <exception cref="OperationCanceledException">The options' token was canceled.</exception>
    public MultiTaskModel Fit()
    {
        int seed = _options.Seed ?? MLNetInternals.SeedOf(_host) ?? Random.Shared.Next();
        var device = MLNetInternals.DeviceOf(_host);
        using var channel = new TrainingChannel(_host, _options);
        using var lease = FrozenBackbone.Use(_options.BackboneFolder, device, _options.Precision);
        var backbone = lease.Backbone;
        foreach (string notice in backbone.Notices) channel.Warn(notice);
        var start = _options.StartFrom?.PromptFor(backbone);
        double rate = _options.Rate;
        var models = new List<TunedModel>();
        try
        {
            var prepared = _options.Tasks.Select(task =>
            {
                var one = Prepare(task);
                var limit = new RowLimit(backbone, one.Options);
                return (Task: one, Rows: one.MakeRows(backbone, limit, seed, channel), Limit: limit);
            }).ToList();
            var method = _options.Method.For([.. prepared.SelectMany(p => p.Task.ClassNames).Distinct()], () => Example.FrequentPieces(prepared.SelectMany(p => p.Rows.Rows)));
            foreach (var (task, _, _) in prepared)
            {
                var own = FrozenBackbone.Use(_options.BackboneFolder, device, _options.Precision);
                var words = task.Options.Verbalizer?.WordsOf(task.ClassNames);
                models.Add(models.Count == 0
                    ? TunedModel.Create(own, method, task.ClassNames.Count, task.Pools, task.Options.HeadDropout, seed, start, words, _options.TaskRank, task.Vectors, task.Writes)
                    : TunedModel.Sharing(models[0], own, task.ClassNames.Count, task.Pools, task.Options.HeadDropout, unchecked(seed + models.Count), words, task.Vectors, task.Writes));
                models[^1].Computation = _options.Computation;
            }
            SharedTask[] shared = [.. prepared.Select((p, i) => new SharedTask(_options.Tasks[i].Name, models[i], p.Rows.Rows, p.Task.Options.ClassWeights, p.Rows.Validation, p.Task.Score, p.Task.Options.CalibrateOn == CalibrationRows.Validation))];
            channel.Say(FormattableString.Invariant(
                $"Training {_options.Method.GetType().Name} on {shared.Length} tasks of {string.Join(", ", shared.Select(t => t.Rows.Count))} rows, rate {rate}, seed {seed}, device {device}"));
            channel.Epochs = _options.EpochsFor(shared.Sum(t => t.Rows.Count));
            var sampler = new TaskSampler([.. shared.Select(t => t.Rows.Count)], _options.Sampling, _options.Temperature);
            var (curves, bestEpoch, calibrations) = new MultiTaskTrainer(shared, sampler, _options, rate, seed, channel).Run();
            var transformers = new Dictionary<string, ITransformer>();
            foreach (var ((task, rows, limit), i) in prepared.Select((p, i) => (p, i)))
            {
                var report = new TrainingReport(curves[i], bestEpoch, rows.Rows.Count, rows.Skipped, models[i].TrainedParameters, models[i].TotalParameters,
                    curves[i].Sum(e => e.Seconds), seed, device.ToString()) { Calibration = calibrations[i] };
                if (report.Calibration is { } calibration) channel.Say($"Task '{_options.Tasks[i].Name}' is calibrated: {calibration}");
                transformers[_options.Tasks[i].Name] = task.ToTransformer(models[i], PromptFit.Settings(task.Options, backbone, limit, report));
            }
            return new MultiTaskModel(transformers, PromptOf(models), [.. _options.Tasks.Select(t => t.Name)], _options.TaskRank);
        }
        catch
        {
            foreach (var model in models) model.Dispose();
            throw;
        }
    }

    private PreparedTask Prepare(PromptTask task)
    {
        var options = task.Options.Copy();
        options.Method = _options.Method;
        (options.Precision, options.Threads) = (_options.Precision, _options.Threads);
        return options.Estimator(_environment)!.Prepare(task.Data);
    }

    // A prompt that was trained through a network is saved as the network's output: single tasks continue from there without it.
    private PeftFolder PromptOf(IReadOnlyList<TunedModel> models)
    {
        var method = _options.Method switch
        {
            DeepPrompt deep => new DeepPrompt { Length = deep.Length, Dropout = deep.Dropout, InitialDeviation = deep.InitialDeviation },
            PrefixTuning prefix => new DeepPrompt { Length = prefix.Length },
            var other => other,
        };
        return new PeftFolder("a multi-task prompt", method, null, _options.BackboneFolder, _options.TaskRank is null ? models[0].TrainedWithoutHead() : MeanPrompt(models));
    }

    private static Dictionary<string, TensorData> MeanPrompt(IReadOnlyList<TunedModel> models)
    {
        var prompts = models.Select(model => model.Trained()[VectorTuner.Name]).ToList();
        var mean = Enumerable.Range(0, prompts[0].Floats.Length).Select(i => prompts.Average(prompt => prompt.Floats.Span[i]));
        return new() { [VectorTuner.Name] = new TensorData(VectorTuner.Name, prompts[0].Shape, mean.ToArray()) };
    }
}

/// <summary>The result of multi-task training: a transformer for each task, and the prompt that they share.</summary>
public sealed class MultiTaskModel : IDisposable
{
    internal MultiTaskModel(IReadOnlyDictionary<string, ITransformer> transformers, PeftFolder prompt, IReadOnlyList<string> taskNames, int? taskRank) =>
        (Transformers, Prompt, TaskNames, TaskRank) = (transformers, prompt, taskNames, taskRank);

    /// <summary>
    /// An ordinary transformer for each task, by its name, which may be saved by itself. Its report has the task's own curve, with its loss and score on its
    /// <see cref="PTuningOptions.ValidationSet"/> where it has one, and the number of the epoch that was
    /// kept for all tasks. An epoch without a row of the task is not in its curve.
    /// </summary>
    public IReadOnlyDictionary<string, ITransformer> Transformers { get; }

    /// <summary>
    /// The shared prompt, without heads, to train a single task from: set it as <see cref="PTuningOptions.StartFrom"/>. With a <see cref="MultiTaskOptions.TaskRank"/>
    /// it is the mean of the tasks' prompts.
    /// </summary>
    public PeftFolder Prompt { get; }

    /// <summary>The tasks in the order that they were given in.</summary>
    internal IReadOnlyList<string> TaskNames { get; }

    internal int? TaskRank { get; }

    /// <summary>Disposes all transformers.</summary>
    public void Dispose()
    {
        foreach (var transformer in Transformers.Values) ((IDisposable)transformer).Dispose();
    }
}
