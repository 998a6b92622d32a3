// The settings of training, whatever the task and the tuning method.
using System.Globalization;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>How the learning rate goes from its start to the end of training.</summary>
public enum LearningRateSchedule
{
    /// <summary>Falls in a straight line to 0.</summary>
    Linear,
    /// <summary>Falls to 0 along half a cosine.</summary>
    Cosine,
    /// <summary>Stays at its highest value.</summary>
    Constant,
    /// <summary>Is multiplied by 0.95 after every epoch, as P-Tuning v2's authors do for labeling.</summary>
    EpochDecay,
}

/// <summary>The rows that a trained model is calibrated on.</summary>
public enum CalibrationRows
{
    /// <summary>None: probabilities are as training left them.</summary>
    None,
    /// <summary>The validation rows, on which nothing is trained: those of <c>ValidationSet</c>, or the <c>ValidationShare</c> of the training rows.</summary>
    Validation,
}

/// <summary>Settings of training. Defaults suit a deep prompt on a few thousand rows.</summary>
public abstract class TrainingOptions
{
    private const int MostEpochs = 30;

    /// <summary>
    /// Passes over the training rows. Default null: as many as make about 500 steps of a deep prompt (1,000 for labeling words), but from 8 to 30; 250 of full
    /// fine-tuning and 1,000 of other methods, but from 3 to 30. With batches of 32, 2,000 rows are 8 epochs of a deep prompt, 16 for labeling words, and 4 of full
    /// fine-tuning.
    /// </summary>
    public int? Epochs { get; set; }

    /// <summary>Rows a step. Default 32.</summary>
    public int BatchSize { get; set; } = 32;

    /// <summary>
    /// Highest learning rate. Default null: the tuning method's own (3e-2 for a deep prompt and for the head alone, 5e-5 for full fine-tuning; for labeling
    /// words 6e-2 for a deep prompt and 2e-4 for full fine-tuning).
    /// </summary>
    public double? LearningRate { get; set; }

    /// <summary>
    /// Highest learning rate of the head, which falls as the other does. Default null: a tenth of <see cref="LearningRate"/> beside a deep prompt, whose numbers move
    /// much further than a head's should; otherwise the same. P-Tuning v2's authors have one rate: set both alike for their computation.
    /// </summary>
    public double? HeadLearningRate { get; set; }

    /// <summary>How the rate falls. Default <see cref="LearningRateSchedule.Linear"/>.</summary>
    public LearningRateSchedule Schedule { get; set; } = LearningRateSchedule.Linear;

    /// <summary>Fraction of all steps in which the rate rises from 0. Default 0.</summary>
    public double WarmupRatio { get; set; }

    /// <summary>AdamW's weight decay, on everything but biases and norms. Default 0.01.</summary>
    public double WeightDecay { get; set; } = 0.01;

    /// <summary>Largest norm of the gradient, over all trained parameters together; larger ones are scaled down. Default 1.</summary>
    public double ClipNorm { get; set; } = 1;

    /// <summary>Probability of dropping an element before the head's linear layer in training. Default null: the backbone's <c>hidden_dropout_prob</c>; 0 for answering questions.</summary>
    public double? HeadDropout { get; set; }

    /// <summary>
    /// Whether training drops elements inside the backbone too, at its own places and with the probabilities of its config.json. Default null: only where the backbone
    /// itself is trained (full fine-tuning). A frozen one cannot adapt to the noise, and what is trained beside it learns less.
    /// P-Tuning v2's authors drop: set true for their computation.
    /// </summary>
    public bool? BackboneDropout { get; set; }

    /// <summary>
    /// Weight of each class in the loss, in the order of the label's key values. Default null: all 1.
    /// For rare classes, take the inverse of their frequency.
    /// </summary>
    public IReadOnlyList<double>? ClassWeights { get; set; }

    /// <summary>
    /// With a validation set: epochs without a better score after which training stops. Default null: never.
    /// With or without it, the parameters of the best epoch are the ones kept.
    /// </summary>
    public int? Patience { get; set; }

    /// <summary>
    /// Rows on which the trained model is calibrated, for classification, labeling of words and choosing: its scores are divided by the one temperature, from 0.05 to 20, at which the
    /// rows' labels are most likely, so that probabilities say how often predictions are right (temperature scaling: Guo et al., 2017, "On Calibration of Modern Neural Networks").
    /// Predicted labels stay the same. <see cref="TrainingReport.Calibration"/> tells what it changed. Where all predictions on these rows are right, probabilities stay as they are, with a
    /// warning. Default <see cref="CalibrationRows.None"/>. A finished run is calibrated without training it again by <see cref="ResumeFrom"/> with its last checkpoint and this setting.
    /// </summary>
    public CalibrationRows CalibrateOn { get; set; }

    /// <summary>
    /// Seed of initial values, dropout and shuffling. Default null: the <c>MLContext</c>'s seed, or a random one where it has none.
    /// On one machine, with the same number of threads, the same seed gives the same model bit for bit.
    /// </summary>
    public int? Seed { get; set; }

    /// <summary>
    /// File that training writes checkpoints to, each in place of the one before, so that a run that was stopped can be resumed
    /// (<see cref="ResumeFrom"/>). Default null: none. It is written before the first step, as often as <see cref="CheckpointEverySteps"/> and
    /// <see cref="CheckpointEvery"/> say (after every epoch where neither says anything), and after the last. It takes three to four times the space of
    /// the trained parameters.
    /// </summary>
    public string? CheckpointPath { get; set; }

    /// <summary>Steps from one checkpoint to the next. Default null: not by steps.</summary>
    public int? CheckpointEverySteps { get; set; }

    /// <summary>Time from one checkpoint to the next, which is written after the step under way. Default null: not by time.</summary>
    public TimeSpan? CheckpointEvery { get; set; }

    /// <summary>
    /// A checkpoint to continue from; the same file as <see cref="CheckpointPath"/>, or another. Default null: a new run. Rows and settings must be
    /// those of the run that wrote it. On one machine, with the same number of threads, the model is the same bit for bit as that of a run that was not stopped.
    /// Where there is no seed, the checkpoint's is taken.
    /// </summary>
    public string? ResumeFrom { get; set; }

    /// <summary>
    /// What the frozen backbone is computed in, in training and in the trained model's predictions, wherever it is loaded. Default <see cref="Precision.Float32"/>.
    /// </summary>
    public Precision Precision { get; set; }

    /// <summary>
    /// Threads that training, and predictions of the model while this process has it, compute on. Default null: as many as the environment variable
    /// <c>OMP_NUM_THREADS</c> says, else as many as the machine has.
    /// </summary>
    public int? Threads { get; set; }

    /// <summary>Stops training, between two steps, with an <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>What the tuning method is trained with where these options do not say.</summary>
    private protected abstract MethodDefaults MethodDefaults { get; }

    /// <summary>Highest learning rate of what the method trains.</summary>
    internal double Rate => LearningRate ?? MethodDefaults.LearningRate;

    /// <summary>The head's rate as a multiple of the others'.</summary>
    /// <param name="rate">The others' highest.</param>
    internal double HeadFactor(double rate) => HeadLearningRate / rate ?? MethodDefaults.HeadFactor;

    internal bool DropsInBackbone => BackboneDropout ?? MethodDefaults.DropsInBackbone;

    /// <summary>Passes over a number of training rows.</summary>
    internal int EpochsFor(int rows)
    {
        int stepsPerEpoch = Math.Max(1, (rows + BatchSize - 1) / BatchSize);
        return Epochs ?? Math.Clamp((MethodDefaults.Steps + stepsPerEpoch - 1) / stepsPerEpoch, MethodDefaults.FewestEpochs, MostEpochs);
    }

    internal Computation Computation => new(Precision, Threads);

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    internal virtual void Validate()
    {
        Require(Epochs is null or >= 1, nameof(Epochs), Epochs, "at least 1");
        Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "at least 1");
        Require(LearningRate is null or > 0 and < double.PositiveInfinity, nameof(LearningRate), LearningRate, "positive");
        Require(HeadLearningRate is null or > 0 and < double.PositiveInfinity, nameof(HeadLearningRate), HeadLearningRate, "positive");
        Require(Enum.IsDefined(Schedule), nameof(Schedule), Schedule, "one of " + string.Join(", ", Enum.GetNames<LearningRateSchedule>()));
        Require(WarmupRatio is >= 0 and < 1, nameof(WarmupRatio), WarmupRatio, "at least 0 and less than 1");
        Require(WeightDecay is >= 0 and < double.PositiveInfinity, nameof(WeightDecay), WeightDecay, "at least 0");
        Require(ClipNorm > 0, nameof(ClipNorm), ClipNorm, "positive");
        Require(HeadDropout is null or >= 0 and < 1, nameof(HeadDropout), HeadDropout, "at least 0 and less than 1");
        Require(Patience is null or >= 1, nameof(Patience), Patience, "at least 1");
        Require(Enum.IsDefined(CalibrateOn), nameof(CalibrateOn), CalibrateOn, "one of " + string.Join(", ", Enum.GetNames<CalibrationRows>()));
        Require(Enum.IsDefined(Precision), nameof(Precision), Precision, "one of " + string.Join(", ", Enum.GetNames<Precision>()));
        Require(Threads is null or >= 1, nameof(Threads), Threads, "at least 1");
        Require(CheckpointEverySteps is null or >= 1, nameof(CheckpointEverySteps), CheckpointEverySteps, "at least 1");
        Require(CheckpointEvery is null || CheckpointEvery > TimeSpan.Zero, nameof(CheckpointEvery), CheckpointEvery, "positive");
        Require(CheckpointPath is not null || (CheckpointEverySteps is null && CheckpointEvery is null), nameof(CheckpointPath), null, "set where CheckpointEverySteps or CheckpointEvery is");
        Require(ClassWeights is null || ClassWeights.All(w => w is > 0 and < double.PositiveInfinity), nameof(ClassWeights), ClassWeights, "positive numbers");
    }

    /// <summary>The settings that training depends on, as text. Calibration comes after it.</summary>
    internal virtual IEnumerable<(string Name, string Value)> Describe()
    {
        yield return (nameof(Epochs), Text(Epochs));
        yield return (nameof(BatchSize), Text(BatchSize));
        yield return (nameof(HeadLearningRate), Text(HeadLearningRate));
        yield return (nameof(Schedule), Text(Schedule));
        yield return (nameof(WarmupRatio), Text(WarmupRatio));
        yield return (nameof(WeightDecay), Text(WeightDecay));
        yield return (nameof(ClipNorm), Text(ClipNorm));
        yield return (nameof(HeadDropout), Text(HeadDropout));
        yield return (nameof(BackboneDropout), Text(BackboneDropout));
        yield return (nameof(ClassWeights), ClassWeights is null ? "null" : string.Join(", ", ClassWeights.Select(w => Text(w))));
        yield return (nameof(Patience), Text(Patience));
        yield return (nameof(Precision), Text(Precision));
    }

    private protected static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "null";

    private protected static void Require(bool holds, string name, object? value, string range)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
    }
}
