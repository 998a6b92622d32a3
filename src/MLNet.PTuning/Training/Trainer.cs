// The training loop: epochs over batches, loss, backward to what is trained, optimizer, validation, best epoch.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>Who watches a run: the pipeline passes it on to ML.NET's channels.</summary>
internal interface ITrainingObserver
{
    void AfterStep(int epoch, int step, int stepsPerEpoch, double loss);

    void AfterEpoch(TrainingEpoch epoch);

    void Warn(string message);
}

/// <summary>Trains one model.</summary>
internal sealed class Trainer(TunedModel model, TrainingOptions options, double rate, int seed, ScoreFunction score, ITrainingObserver observer)
{
    // Trained parameters are of the order of 1, as a backbone's own keys and values are.
    private const float LargestSane = 1e6f;

    /// <summary>Trains on <paramref name="rows"/> and keeps the parameters of the best epoch on <paramref name="validation"/>, or of the last without one.</summary>
    /// <exception cref="OperationCanceledException">The options' token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The loss is not a number any more.</exception>
    public TrainingReport Run(IReadOnlyList<Example> rows, IReadOnlyList<Example>? validation, int skippedRows)
    {
        using var optimizer = ComputeThread.Run(() => new AdamW(model.Parameters, options.WeightDecay));
        using var dropout = ComputeThread.Run(() => new Dropout(seed, model.Backbone.Device));
        int stepsPerEpoch = (rows.Count + options.BatchSize - 1) / options.BatchSize;
        var schedule = new RateSchedule(options, rate, stepsPerEpoch);
        var checkpoint = new Checkpoint(model, optimizer, options, RunIdentity.Of(model, options, rate, seed, rows, validation));
        var state = checkpoint.Begin();

        while (!IsOver(state))
        {
            RunEpoch(rows, stepsPerEpoch, state, schedule, optimizer, dropout, checkpoint);
            // What an epoch's last step broke shows in no loss of the epoch.
            if (model.LargestParameter() is var largest and not < LargestSane)
                throw Diverged(FormattableString.Invariant($"a trained parameter has grown to {largest:g3}"), optimizer.Steps, state.Epoch);
            var (validationLoss, validationScore) = validation is null ? default((double?, double?)) : Validation.Run(model, validation, score, options);
            var done = new TrainingEpoch(state.Epoch + 1, state.LossSum / stepsPerEpoch, validationLoss, validationScore, state.Seconds - state.Epochs.Sum(e => e.Seconds));
            if (validation is not null && (state.BestEpoch is not { } best || Validation.IsBetter(done, state.Epochs[best - 1])))
                (state.BestEpoch, state.BestParameters) = (done.Number, Validation.Snapshot(model.Parameters));
            state.EndEpoch(done);
            checkpoint.AfterEpoch(state, IsOver(state));
            observer.AfterEpoch(done);
        }
        model.Trim();
        if (state.BestEpoch < state.Epoch) Validation.Restore(model.Parameters, state.BestParameters);
        return new TrainingReport(state.Epochs, state.BestEpoch ?? state.Epoch, rows.Count, skippedRows, model.TrainedParameters,
            model.TotalParameters, state.Seconds, seed, model.Backbone.Device.ToString());
    }

    private bool IsOver(RunState state) => state.Epoch == options.Epochs || state.Epoch - state.BestEpoch >= options.Patience;

    private void RunEpoch(IReadOnlyList<Example> rows, int stepsPerEpoch, RunState state, RateSchedule schedule, AdamW optimizer, Dropout dropout, Checkpoint checkpoint)
    {
        foreach (int[] indices in RowOrder.Batches(rows, options.BatchSize, seed, state.Epoch).Skip(state.Step))
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            var batch = Batch.Of([.. indices.Select(i => rows[i])]);
            double loss = ComputeThread.Run(() => Step(batch, schedule, optimizer, dropout, state.Counts));
            if (!double.IsFinite(loss)) throw Diverged(FormattableString.Invariant($"the loss is {loss}"), optimizer.Steps + 1, state.Epoch);
            state.LossSum += loss;
            if (++state.Step < stepsPerEpoch) checkpoint.AfterStep(state);
            observer.AfterStep(state.Epoch + 1, state.Step, stepsPerEpoch, loss);
        }
        if (state.Counts.CollapsedClass() is { } only)
            observer.Warn($"Epoch {state.Epoch + 1}: every row was predicted as class {only + 1} of {model.ClassCount}. Try another LearningRate between 1e-3 and 2e-2 (it is {rate:g3}), "
                + "a shorter prompt, more epochs (deep prompts may begin to converge after 20), or ClassWeights.");
    }

    private double Step(Batch batch, RateSchedule schedule, AdamW optimizer, Dropout dropout, ClassCounts predicted)
    {
        using var scope = torch.NewDisposeScope();
        int number = optimizer.Steps;
        double loss = Backward(model, batch, dropout, number, options.ClassWeights, out var logits);
        if (!double.IsFinite(loss)) return loss;
        optimizer.Step(schedule.RateAt(number), options.ClipNorm);
        predicted.Add(logits.argmax(1), batch.Targets);
        return loss;
    }

    /// <summary>A batch's loss, and with it, where it is finite, the gradients of all parameters. <paramref name="logits"/> belong to the caller's dispose scope.</summary>
    public static double Backward(TunedModel model, Batch batch, Dropout dropout, int step, IReadOnlyList<double>? classWeights, out torch.Tensor logits)
    {
        dropout.StartStep(step);
        logits = model.Logits(batch, dropout);
        var loss = Loss(logits, batch.Targets, classWeights);
        double value = loss.item<float>();
        if (double.IsFinite(value)) model.Backward(loss);
        return value;
    }

    // Mean cross-entropy of scores [R, classes] over the targets [R] that are there.
    private static torch.Tensor Loss(torch.Tensor logits, int[] targets, IReadOnlyList<double>? classWeights)
    {
        var wanted = torch.tensor(Array.ConvertAll(targets, t => (long)t), device: logits.device);
        var weights = classWeights is { } w ? torch.tensor(w.Select(x => (float)x).ToArray(), device: logits.device) : null;
        return torch.nn.functional.cross_entropy(logits, wanted, weights, ignore_index: Example.NoTarget);
    }

    private InvalidOperationException Diverged(string how, int step, int epoch) => new(FormattableString.Invariant(
        $"Training diverged: {how} at step {step} (epoch {epoch + 1}). Lower LearningRate (it is {rate:g3}) or ClipNorm ({options.ClipNorm:g3})."));
}
