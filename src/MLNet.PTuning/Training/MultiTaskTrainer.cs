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

/// <summary>Trains tasks together: the rows of every step are of tasks drawn at random.</summary>
internal sealed class MultiTaskTrainer(IReadOnlyList<SharedTask> tasks, TaskSampler sampler, TrainingOptions options, double rate, int seed, ITrainingObserver observer)
{
    private readonly ICommunicator _ranks = options.Ranks;
    private readonly Parameter[] _trained = [.. tasks[0].Model.SharedParameters, .. tasks.SelectMany(t => t.Model.OwnParameters)];

    /// <summary>
    /// Trains for the options' epochs, each of as many rows as all tasks have. Keeps the parameters, the shared ones and all tasks' own, of the
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
        using var sharedOptimizer = ComputeThread.Run(() => new AdamW(tasks[0].Model.SharedParameters, options.WeightDecay));
        // What is a task's own has an optimizer of its own, which does not step where a batch has no row of the task.
        AdamW[] ownOptimizers = ComputeThread.Run(() => tasks.Select(t => new AdamW(t.Model.OwnParameters, options.WeightDecay, options.HeadFactor(rate))).ToArray());
        using var mixed = ComputeThread.Run(() => new MixedStep(tasks, seed, options.DropsInBackbone));
        try
        {
            int rows = tasks.Sum(t => t.Rows.Count), steps = (rows + options.BatchSize - 1) / options.BatchSize, epochs = options.EpochsFor(rows);
            var schedule = new RateSchedule(options, rate, steps, epochs);
            var next = tasks.Select((t, i) => Rows(t.Rows, i).GetEnumerator()).ToArray();
            var curves = tasks.Select(_ => new List<TrainingEpoch>()).ToArray();
            var gradients = new GradientSum(_ranks, _trained, losses: tasks.Count);
            _ranks.Broadcast(_trained.Select(p => p.Value));
            var (best, bestParameters, bestPredictions) = (default(TrainingEpoch), Array.Empty<float[]>(), new float[tasks.Count][][]);
            int epoch = 0;
            for (; epoch < epochs && !(epoch - best?.Number >= options.Patience); epoch++)
            {
                var clock = System.Diagnostics.Stopwatch.StartNew();
                var losses = new List<TaskLoss>();
                int step = 0;
                double sum = 0;
                foreach (int[] drawn in sampler.Epoch(rows, seed, epoch).Chunk(options.BatchSize))
                {
                    var batch = Array.ConvertAll(drawn, Next);
                    var ofStep = Step(batch, schedule, mixed, gradients, sharedOptimizer, ownOptimizers);
                    foreach (var one in ofStep)
                        if (!double.IsFinite(one.Loss)) throw Diverged(one, epoch);
                    losses.AddRange(ofStep);
                    double loss = Mean(ofStep) ?? 0;
                    sum += loss;
                    observer.AfterStep(epoch + 1, ++step, steps, loss);
                }
                if (!_ranks.Align(_trained)) observer.Warn(Ranks.NotAlike(epoch));
                var scores = tasks.Select(t => t.Validation is { } heldOut ? Validation.Run(t.Model, heldOut, t.Score, options) : default((double Loss, double Score, float[][] Predicted)?)).ToList();
                double seconds = clock.Elapsed.TotalSeconds;
                for (int task = 0; task < tasks.Count; task++)
                    if (Mean(losses.Where(l => l.Task == task)) is { } loss) curves[task].Add(new TrainingEpoch(epoch + 1, loss, scores[task]?.Loss, scores[task]?.Score, seconds) { LearningRate = schedule.MeanOf(epoch) });
                var done = new TrainingEpoch(epoch + 1, sum / steps, scores.Average(s => s?.Loss), scores.Average(s => s?.Score), seconds) { LearningRate = schedule.MeanOf(epoch) };
                if (done.ValidationScore is not null && (best is null || Validation.IsBetter(done, best)))
                    (best, bestParameters, bestPredictions) = (done, Validation.Snapshot(_trained), [.. tasks.Select((t, i) => t.Calibrates ? scores[i]!.Value.Predicted : [])]);
                observer.AfterEpoch(done);
            }
            if (best?.Number < epoch) Validation.Restore(_trained, bestParameters);
            foreach (var task in tasks) task.Model.EndTraining();
            return (curves, best?.Number ?? epoch, [.. tasks.Select((t, i) => t.Calibrates ? Calibration.Run(t.Model, t.Validation!, bestPredictions[i], observer) : null)]);

            (int Task, Example Row) Next(int task)
            {
                next[task].MoveNext();
                return (task, next[task].Current);
            }
        }
        finally
        {
            foreach (var optimizer in ownOptimizers) optimizer.Dispose();
        }
    }

    private TaskLoss[] Step((int, Example)[] batch, RateSchedule schedule, MixedStep mixed, GradientSum gradients, AdamW sharedOptimizer, AdamW[] ownOptimizers)
    {
        int number = sharedOptimizer.Steps;
        IReadOnlyList<TaskLoss> own = [];
        double[] sums = gradients.Of(() =>
        {
            own = mixed.Backward(batch, number, _ranks.Rank, _ranks.Size);
            var ofTasks = new double[tasks.Count];
            foreach (var loss in own) ofTasks[loss.Task] = loss.Loss;
            return ofTasks;
        }, null, options.CancellationToken);
        TaskLoss[] losses = [.. own.Select(loss => loss with { Loss = sums[loss.Task] })];
        if (!losses.All(loss => double.IsFinite(loss.Loss))) return losses;
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            AdamW.Clip([.. tasks[0].Model.SharedParameters, .. losses.SelectMany(loss => tasks[loss.Task].Model.OwnParameters)], options.ClipNorm);
            sharedOptimizer.Step(schedule.RateAt(number), double.PositiveInfinity);
            foreach (var loss in losses) ownOptimizers[loss.Task].Step(schedule.RateAt(number), double.PositiveInfinity);
        });
        return losses;
    }

    private InvalidOperationException Diverged(TaskLoss loss, int epoch) => new(FormattableString.Invariant(
        $"Training diverged: the loss of task '{tasks[loss.Task].Name}' is {loss.Loss} in epoch {epoch + 1}. Lower LearningRate (it is {rate:g3}) or ClipNorm ({options.ClipNorm:g3})."));

    // Over rows; null where there are none.
    private static double? Mean(IEnumerable<TaskLoss> losses)
    {
        var (sum, rows) = losses.Aggregate((Sum: 0.0, Rows: 0), (all, loss) => (all.Sum + loss.Loss * loss.Rows, all.Rows + loss.Rows));
        return rows == 0 ? null : sum / rows;
    }

    // A task's rows, pass after pass.
    private IEnumerable<Example> Rows(IReadOnlyList<Example> rows, int task)
    {
        for (int pass = 0; ; pass++)
            foreach (int[] indices in RowOrder.Batches(rows, options.BatchSize, unchecked(seed + 7919 * task), pass))
                foreach (int i in indices) yield return rows[i];
    }
}
