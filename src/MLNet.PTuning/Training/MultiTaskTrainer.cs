// The training loop over several tasks that share what is tuned and have a head (and what else is their own) each.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>One of the tasks.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Model">Its own parameters, and those that all share.</param>
/// <param name="Rows">Its training rows.</param>
/// <param name="ClassWeights">Weights of its classes in the loss; null for 1.</param>
/// <param name="Validation">The rows that it is scored on; null for none.</param>
/// <param name="Score">How.</param>
/// <param name="Calibrates">Whether it is calibrated on these rows.</param>
internal sealed record SharedTask(string Name, TunedModel Model, IReadOnlyList<Example> Rows, IReadOnlyList<double>? ClassWeights, IReadOnlyList<Example>? Validation, ScoreFunction Score,
    bool Calibrates = false);

/// <summary>Trains tasks together: every step is of one task, drawn at random.</summary>
internal sealed class MultiTaskTrainer(IReadOnlyList<SharedTask> tasks, TaskSampler sampler, TrainingOptions options, double rate, int seed, ITrainingObserver observer)
{
    /// <summary>
    /// Trains for the options' epochs, each of as many steps as all tasks' rows make batches. Keeps the parameters, the shared ones and all tasks' own, of the
    /// epoch with the best mean score over the tasks that have validation rows, or of the last where none has.
    /// </summary>
    /// <returns>
    /// The curve of each task, the number of the epoch that was kept, and how each task was calibrated, null for those that are not. An epoch in which a task was never drawn is
    /// not in its curve.
    /// </returns>
    /// <exception cref="OperationCanceledException">The options' token was canceled.</exception>
    /// <exception cref="InvalidOperationException">The loss is not a number any more.</exception>
    public (IReadOnlyList<IReadOnlyList<TrainingEpoch>> Curves, int BestEpoch, IReadOnlyList<TrainingCalibration?> Calibrations) Run()
    {
        var shared = tasks[0].Model.SharedParameters;
        using var sharedOptimizer = ComputeThread.Run(() => new AdamW(shared, options.WeightDecay));
        // What is a task's own has an optimizer of its own, which does not step while other tasks are drawn.
        AdamW[] ownOptimizers = ComputeThread.Run(() => tasks.Select(t => new AdamW(t.Model.OwnParameters, options.WeightDecay, options.HeadFactor(rate))).ToArray());
        using var dropout = ComputeThread.Run(() => new Dropout(seed, tasks[0].Model.Backbone.Device, options.DropsInBackbone));
        try
        {
            int steps = tasks.Sum(t => (t.Rows.Count + options.BatchSize - 1) / options.BatchSize);
            int epochs = options.EpochsFor(tasks.Sum(t => t.Rows.Count));
            var schedule = new RateSchedule(options, rate, steps, epochs);
            var batches = tasks.Select((t, i) => Batches(t.Rows, i).GetEnumerator()).ToArray();
            var curves = tasks.Select(_ => new List<TrainingEpoch>()).ToArray();
            Parameter[] trained = [.. shared, .. tasks.SelectMany(t => t.Model.OwnParameters)];
            var (best, bestParameters, bestPredictions) = (default(TrainingEpoch), Array.Empty<float[]>(), new float[tasks.Count][][]);
            int epoch = 0;
            for (; epoch < epochs && !(epoch - best?.Number >= options.Patience); epoch++)
            {
                var clock = System.Diagnostics.Stopwatch.StartNew();
                var losses = tasks.Select(_ => new List<double>()).ToArray();
                int step = 0;
                foreach (int task in sampler.Epoch(steps, seed, epoch))
                {
                    options.CancellationToken.ThrowIfCancellationRequested();
                    batches[task].MoveNext();
                    var batch = batches[task].Current;
                    double loss = ComputeThread.Run(() => Step(tasks[task], batch, schedule, sharedOptimizer, ownOptimizers[task], dropout));
                    if (!double.IsFinite(loss))
                        throw new InvalidOperationException(FormattableString.Invariant(
                            $"Training diverged: the loss of task '{tasks[task].Name}' is {loss} in epoch {epoch + 1}. Lower LearningRate (it is {rate:g3}) or ClipNorm ({options.ClipNorm:g3})."));
                    losses[task].Add(loss);
                    observer.AfterStep(epoch + 1, ++step, steps, loss);
                }
                var scores = tasks.Select(t => t.Validation is { } rows ? Validation.Run(t.Model, rows, t.Score, options) : default((double Loss, double Score, float[][] Predicted)?)).ToList();
                double seconds = clock.Elapsed.TotalSeconds;
                for (int task = 0; task < tasks.Count; task++)
                    if (losses[task].Count > 0) curves[task].Add(new TrainingEpoch(epoch + 1, losses[task].Average(), scores[task]?.Loss, scores[task]?.Score, seconds) { LearningRate = schedule.MeanOf(epoch) });
                var done = new TrainingEpoch(epoch + 1, losses.SelectMany(l => l).Average(), scores.Average(s => s?.Loss), scores.Average(s => s?.Score), seconds) { LearningRate = schedule.MeanOf(epoch) };
                if (done.ValidationScore is not null && (best is null || Validation.IsBetter(done, best)))
                    (best, bestParameters, bestPredictions) = (done, Validation.Snapshot(trained), [.. tasks.Select((t, i) => t.Calibrates ? scores[i]!.Value.Predicted : [])]);
                observer.AfterEpoch(done);
            }
            if (best?.Number < epoch) Validation.Restore(trained, bestParameters);
            foreach (var task in tasks) task.Model.EndTraining();
            return (curves, best?.Number ?? epoch, [.. tasks.Select((t, i) => t.Calibrates ? Calibration.Run(t.Model, t.Validation!, bestPredictions[i], observer) : null)]);
        }
        finally
        {
            foreach (var optimizer in ownOptimizers) optimizer.Dispose();
        }
    }

    private double Step(SharedTask task, IReadOnlyList<Batch> batch, RateSchedule schedule, AdamW sharedOptimizer, AdamW ownOptimizer, Dropout dropout)
    {
        using var scope = torch.NewDisposeScope();
        int number = sharedOptimizer.Steps;
        double loss = Trainer.Backward(task.Model, batch, dropout, number, task.ClassWeights, null);
        if (!double.IsFinite(loss)) return loss;
        AdamW.Clip(task.Model.Parameters, options.ClipNorm);
        sharedOptimizer.Step(schedule.RateAt(number), double.PositiveInfinity);
        ownOptimizer.Step(schedule.RateAt(number), double.PositiveInfinity);
        return loss;
    }

    // A task's batches, pass after pass.
    private IEnumerable<IReadOnlyList<Batch>> Batches(IReadOnlyList<Example> rows, int task)
    {
        for (int pass = 0; ; pass++)
            foreach (int[] indices in RowOrder.Batches(rows, options.BatchSize, unchecked(seed + 7919 * task), pass))
                yield return Batch.Passes([.. indices.Select(i => rows[i])]);
    }
}
