// The training loop: epochs over batches, loss, backward to what is trained, optimizer, validation, best epoch.
using System.Runtime.InteropServices;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>Receives a run's progress and warnings; the pipeline forwards them to ML.NET's channels.</summary>
internal interface ITrainingObserver
{
    void AfterStep(int epoch, int step, int stepsPerEpoch, double loss);

    void AfterEpoch(TrainingEpoch epoch);

    void Warn(string message);
}

/// <summary>Trains one model.</summary>
/// <param name="model">What is trained.</param>
/// <param name="options">Settings of training.</param>
/// <param name="rate">Highest learning rate.</param>
/// <param name="seed">Seed of dropout and shuffling.</param>
/// <param name="classNames">Names of the classes in the order of the head's rows, which a checkpoint is checked against.</param>
/// <param name="score">How a validation set is scored.</param>
/// <param name="observer">Receives progress and warnings.</param>
internal sealed class Trainer(TunedModel model, TrainingOptions options, double rate, int seed, IReadOnlyList<string> classNames, ScoreFunction score, ITrainingObserver observer)
{
    // Trained parameters are of the order of 1, as a backbone's own keys and values are.
    private const float LargestSane = 1e6f;

    private readonly ICommunicator _ranks = options.Ranks;
    private readonly GradientSum _sum = new(options.Ranks, model.Parameters);

    /// <summary>Trains on <paramref name="rows"/> and keeps the parameters of the best epoch on <paramref name="validation"/>, or of the last without one.</summary>
    /// <exception cref="OperationCanceledException">The options' token was canceled.</exception>
    /// <exception cref="InvalidOperationException">The loss is not a number any more.</exception>
    public TrainingReport Run(IReadOnlyList<Example> rows, IReadOnlyList<Example>? validation, int skippedRows)
    {
        using var optimizer = ComputeThread.Run(() => new AdamW(model.Parameters, options.WeightDecay, options.HeadFactor(rate)));
        using var dropout = ComputeThread.Run(() => new Dropout(seed, model.Backbone.Device, options.DropsInBackbone));
        int stepsPerEpoch = (rows.Count + options.BatchSize - 1) / options.BatchSize;
        int epochs = options.EpochsFor(rows.Count);
        var schedule = new RateSchedule(options, rate, stepsPerEpoch, epochs);
        var checkpoint = new Checkpoint(model, optimizer, options, RunIdentity.Of(model, classNames, options, rate, seed, rows, validation));
        var state = checkpoint.Begin();
        bool calibrates = validation is not null && options.CalibrateOn == CalibrationRows.Validation;
        if (!IsOver() && model.KeepsStates(dropout)) KeepStates(rows, _ranks.Size > 1 || state.Epoch > 0 ? stepsPerEpoch : state.Step, dropout);

        while (!IsOver())
        {
            RunEpoch(rows, stepsPerEpoch, state, schedule, optimizer, dropout, checkpoint);
            if (!_ranks.Align(model.Parameters)) observer.Warn(Ranks.NotAlike(state.Epoch));
            // A parameter that diverges in an epoch's last step changes no loss of the epoch.
            if (model.LargestParameter() is var largest and not < LargestSane)
                throw Diverged(FormattableString.Invariant($"a trained parameter has grown to {largest:g3}"), optimizer.Steps, state.Epoch);
            var (validationLoss, validationScore, predicted) = validation is null ? default((double?, double?, float[][]?)) : Validation.Run(model, validation, score, options);
            var done = new TrainingEpoch(state.Epoch + 1, state.LossSum / stepsPerEpoch, validationLoss, validationScore, state.Seconds - state.Epochs.Sum(e => e.Seconds)) { LearningRate = schedule.MeanOf(state.Epoch) };
            if (validation is not null && (state.BestEpoch is not { } best || Validation.IsBetter(done, state.Epochs[best - 1])))
                (state.BestEpoch, state.BestParameters, state.BestPredictions) = (done.Number, Validation.Snapshot(model.Parameters), calibrates ? predicted : null);
            state.EndEpoch(done);
            checkpoint.AfterEpoch(state, IsOver());
            observer.AfterEpoch(done);
        }
        if (state.BestEpoch < state.Epoch) Validation.Restore(model.Parameters, state.BestParameters);
        float[][]? held = calibrates ? state.BestPredictions ?? Validation.Predict(model, validation!, options) : null;
        model.EndTraining();
        var calibration = held is null ? null : Calibration.Run(model, validation!, held, observer);
        return new TrainingReport(state.Epochs, state.BestEpoch ?? state.Epoch, rows.Count, skippedRows, model.TrainedParameters,
            model.TotalParameters, state.Seconds, seed, model.Backbone.Device.ToString()) { Calibration = calibration };

        bool IsOver() => state.Epoch == epochs || state.Epoch - state.BestEpoch >= options.Patience;
    }

    // The last bits of what an encoder gives may depend on the rows of a pass, so a resumed run has what is kept from the passes that it would have it from.
    // Of several ranks each computes some of the batches, and all keep all of them.
    private void KeepStates(IReadOnlyList<Example> rows, int steps, Dropout dropout)
    {
        foreach (int[][] round in RowOrder.Batches(rows, options.BatchSize, seed, epoch: 0).Take(steps).Chunk(_ranks.Size))
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            IReadOnlyList<Batch>[] batches = [.. round.Select(indices => Batch.Passes([.. indices.Select(i => rows[i])]))];
            float[] own = _ranks.Rank >= round.Length ? [] : ComputeThread.Run(() => batches[_ranks.Rank].SelectMany(pass => model.StatesOf(pass, dropout)).ToArray());
            foreach (var (batch, states) in batches.Zip(_ranks.Gather(MemoryMarshal.AsBytes(own.AsSpan()))))
                model.KeepStates(batch, MemoryMarshal.Cast<byte, float>(states));
        }
    }

    private void RunEpoch(IReadOnlyList<Example> rows, int stepsPerEpoch, RunState state, RateSchedule schedule, AdamW optimizer, Dropout dropout, Checkpoint checkpoint)
    {
        foreach (int[] indices in RowOrder.Batches(rows, options.BatchSize, seed, state.Epoch).Skip(state.Step))
        {
            var share = StepShare.Of([.. indices.Select(i => rows[i])], _ranks.Rank, _ranks.Size);
            double loss = Step(share, schedule, optimizer, dropout, state.Counts);
            if (!double.IsFinite(loss)) throw Diverged(FormattableString.Invariant($"the loss is {loss}"), optimizer.Steps + 1, state.Epoch);
            state.LossSum += loss;
            if (++state.Step < stepsPerEpoch) checkpoint.AfterStep(state);
            observer.AfterStep(state.Epoch + 1, state.Step, stepsPerEpoch, loss);
        }
        if (state.Counts.CollapsedClass() is { } only)
            observer.Warn($"Epoch {state.Epoch + 1}: every row was predicted as class {only + 1} of {model.ClassCount}. Try another LearningRate between 1e-3 and 6e-2 (it is {rate:g3}), "
                + "a shorter prompt, more epochs (deep prompts may begin to converge after 20), or ClassWeights.");
    }

    private double Step(StepShare share, RateSchedule schedule, AdamW optimizer, Dropout dropout, ClassCounts predicted)
    {
        int number = optimizer.Steps;
        var counts = ClassCounts.None(model.ClassCount);
        double loss = _sum.Of(() => [Backward(model, share.Passes, dropout, number, options.ClassWeights, counts, share.Examples)], counts, options.CancellationToken)[0];
        if (!double.IsFinite(loss)) return loss;
        predicted.Add(counts);
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            optimizer.Step(schedule.RateAt(number), options.ClipNorm);
        });
        return loss;
    }

    /// <summary>A batch's loss, and with it, where it is finite, the gradients of all parameters.</summary>
    /// <param name="model">What is trained.</param>
    /// <param name="batch">The batch's passes, or one rank's parts of them, whose gradients are added up.</param>
    /// <param name="dropout">Masks of training.</param>
    /// <param name="step">The step's index, which they depend on.</param>
    /// <param name="classWeights">Weight of each class; null for all 1.</param>
    /// <param name="predicted">Counts the predicted classes; null for no counts.</param>
    /// <param name="all">The rows over which the loss is a mean, of which the passes may be a part; null for those of the passes.</param>
    public static double Backward(TunedModel model, IReadOnlyList<Batch> batch, Dropout dropout, int step, IReadOnlyList<double>? classWeights, ClassCounts? predicted, IReadOnlyList<Example>? all = null)
    {
        using var scope = torch.NewDisposeScope();
        var weights = classWeights is null ? null : torch.tensor(classWeights.Select(w => (float)w).ToArray(), device: model.Backbone.Device);
        bool isWhole = batch is [{ Part: null }];
        double total = isWhole ? 1 : all is null ? batch.Sum(pass => CrossEntropy.Weight(pass.Targets, classWeights)) : all.Sum(example => CrossEntropy.Weight(example.Targets, classWeights)), sum = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            double passWeight = isWhole ? 1 : CrossEntropy.Weight(batch[i].Targets, classWeights) / total;
            // Rows without a target have no mean.
            if (!(passWeight > 0)) continue;
            dropout.StartStep(step, batch[i].Part?.Pass ?? i, batch[i].Part);
            using var passScope = torch.NewDisposeScope();
            var logits = model.Logits(batch[i], dropout);
            var loss = CrossEntropy.Mean(logits, batch[i], weights).Times((float)passWeight);
            sum += loss.item<float>();
            if (!double.IsFinite(sum)) return sum;
            model.Backward(loss);
            if (batch[i].Over == SoftmaxOver.Classes) predicted?.Add(logits.argmax(1), batch[i].Targets);
        }
        return sum;
    }

    private InvalidOperationException Diverged(string how, int step, int epoch) => new(FormattableString.Invariant(
        $"Training diverged: {how} at step {step} (epoch {epoch + 1}). Lower LearningRate (it is {rate:g3}) or ClipNorm ({options.ClipNorm:g3})."));
}
