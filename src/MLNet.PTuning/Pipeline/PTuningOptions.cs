// The options that all of this library's estimators share: the backbone, the method, the columns, training.
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>Options of an estimator that trains a prompt, or another tuning method, on a frozen backbone.</summary>
public abstract class PTuningOptions : TrainingOptions
{
    private static readonly DeepPrompt Prompt = new();
    private TuningMethod? _method;

    private protected PTuningOptions(string backboneFolder) => BackboneFolder = backboneFolder;

    /// <summary>The backbone's folder as Hugging Face publishes it: config.json, weights (safetensors, PyTorch or ONNX), the tokenizer's files.</summary>
    public string BackboneFolder { get; }

    /// <summary>
    /// The tuning method. Default: that of <see cref="StartFrom"/>; without that <see cref="DeepPrompt"/> (P-Tuning v2), of length 20 for classification and of 64 for
    /// labeling words, which gains from longer prompts (Liu et al., 2022, section 3.3).
    /// </summary>
    public TuningMethod Method
    {
        get => _method ?? StartFrom?.Method ?? DefaultMethod;
        set => _method = value ?? throw new ArgumentNullException(nameof(Method));
    }

    /// <summary>
    /// A trained prompt to begin with instead of random values, from Hugging Face PEFT or from P-Tuning v2's own code: <c>PeftFolder.Load(folder)</c>.
    /// Its head is used too where it is for the classes of the data: by their names where the folder has them (<see cref="PeftFolder.ClassNames"/>), else by
    /// position, which the log says. For other classes the head is newly initialized, which the log says too. In multi-task training only the prompt is used. Default null.
    /// </summary>
    public PeftFolder? StartFrom { get; set; }

    /// <summary>
    /// Words that represent the classes, scored by the backbone's masked-word head (of a decoder by the head that scores the next token) in place of a trained classification head. For classification of texts,
    /// with any method that trains more than a head. Default null: a classification head.
    /// </summary>
    public Verbalizer? Verbalizer { get; set; }

    /// <summary>Name of the label column, a key with key values. Default <c>Label</c>.</summary>
    public string LabelColumnName { get; set; } = "Label";

    /// <summary>Name of the output column of predicted keys. Default <c>PredictedLabel</c>.</summary>
    public string PredictedLabelColumnName { get; set; } = "PredictedLabel";

    /// <summary>Name of the output column of probabilities. Default <c>Score</c>.</summary>
    public string ScoreColumnName { get; set; } = "Score";

    /// <summary>
    /// Longest row in word pieces, specials included; longer rows are truncated at their end, the longer text of a pair first.
    /// Default null: all positions of the backbone that the prompt leaves.
    /// </summary>
    public int? MaxSequenceLength { get; set; }

    /// <summary>Rows that prediction over a data view reads ahead and computes together. Default 32.</summary>
    public int PredictionBatchSize { get; set; } = 32;

    /// <summary>
    /// Fraction of the training rows, between 0 and 1, that <c>Fit</c> holds out, after the pipeline's earlier steps, and scores every epoch on; the best epoch is kept.
    /// The seed chooses the rows. Default null: none; without a <see cref="ValidationSet"/> either, the last epoch is kept.
    /// </summary>
    public double? ValidationShare { get; set; }

    /// <summary>
    /// Rows on which every epoch is scored, instead of <see cref="ValidationShare"/>, with the same column names as the training rows; the label may be the plain value
    /// (as before <c>MapValueToKey</c>) or a key. The pipeline's earlier steps are not applied to it: give a view that has gone through the same steps.
    /// Default null: none.
    /// </summary>
    public IDataView? ValidationSet { get; set; }

    /// <summary>
    /// Puts the backbone's files into the saved model, so that the model file is all that another machine needs. Default false. Loading unpacks them, once for each
    /// backbone: into MLNet.PTuning/backbones in the user's application-data folder (<see cref="Environment.SpecialFolder.LocalApplicationData"/>; on Linux
    /// ~/.local/share), open to that user alone, or into MLNet.PTuning in <c>MLContext.TempFilePath</c> where the app has set that. The folder may be deleted whenever no
    /// process is using it.
    /// </summary>
    public bool EmbedBackbone { get; set; }

    /// <summary>Receives a report after every training step. Default null. ML.NET's channels (<c>MLContext.Log</c>) receive reports in any case.</summary>
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>A copy that stays as it is when the original, or a list in it, is changed.</summary>
    internal virtual PTuningOptions Copy()
    {
        var copy = (PTuningOptions)MemberwiseClone();
        copy.ClassWeights = ClassWeights is null ? null : [.. ClassWeights];
        copy.Verbalizer = Verbalizer?.Copy();
        return copy;
    }

    /// <summary>The estimator of these options' task; null where they are of several.</summary>
    internal virtual ITaskEstimator? Estimator(IHostEnvironment environment) => null;

    /// <summary>The longest row where <see cref="MaxSequenceLength"/> does not say, if the backbone has as many positions; null for all of them.</summary>
    internal virtual int? UsualLength => null;

    /// <summary>Why a head that <see cref="StartFrom"/> holds cannot be this task's, as a phrase that follows its name; null where it can.</summary>
    internal virtual string? ReasonAgainstHeadOfStart => null;

    private protected virtual TuningMethod DefaultMethod => Prompt;

    /// <summary>Whether the task labels words, for which methods have defaults of their own.</summary>
    private protected virtual bool LabelsWords => false;

    private protected override MethodDefaults MethodDefaults => Method.Defaults(LabelsWords);

    /// <summary>Names of the columns that are read in training; null for one that there is not.</summary>
    internal virtual IEnumerable<string?> InputColumns => [];

    /// <summary>Names of the columns that a model adds.</summary>
    private protected virtual IEnumerable<string?> OutputColumns => [];

    /// <summary>Whether epochs are scored on held-out rows.</summary>
    internal virtual bool IsValidated => ValidationSet is not null || ValidationShare is not null;

    internal override IEnumerable<(string Name, string Value)> Describe() =>
        [.. base.Describe(), (nameof(Method), JsonSerializer.Serialize(Method)), (nameof(Verbalizer), JsonSerializer.Serialize(Verbalizer)), (nameof(StartFrom), StartFrom?.ContentHash ?? ""), (nameof(ValidationShare), Text(ValidationShare))];

    /// <summary>Why this task takes no verbalizer; null where it does.</summary>
    private protected virtual string? ReasonAgainstVerbalizer => "This task has no classes that words could represent; leave Verbalizer null.";

    internal override void Validate()
    {
        base.Validate();
        ArgumentException.ThrowIfNullOrWhiteSpace(BackboneFolder);
        Require(PredictionBatchSize >= 1, nameof(PredictionBatchSize), PredictionBatchSize, "at least 1");
        Require(MaxSequenceLength is null or >= 3, nameof(MaxSequenceLength), MaxSequenceLength, "at least 3 (two special tokens and one of text)");
        Require(ValidationShare is null or > 0 and < 1, nameof(ValidationShare), ValidationShare, "between 0 and 1");
        if (ValidationShare is not null && ValidationSet is not null)
            throw new ArgumentException("ValidationShare holds training rows out and ValidationSet gives other rows; set one of them.", nameof(ValidationShare));
        if (Patience is not null && !IsValidated)
            throw new ArgumentException($"Patience is {Patience}, but there are no held-out rows to score epochs on; set ValidationShare or ValidationSet.", nameof(Patience));
        if (CalibrateOn == CalibrationRows.Validation && !IsValidated)
            throw new ArgumentException("CalibrateOn is Validation, but there are no held-out rows to calibrate on; set ValidationShare or ValidationSet.", nameof(CalibrateOn));
        PredictionSchema.CheckNames([.. InputColumns.OfType<string>()], [.. OutputColumns.OfType<string>()], "give them different names");
        Method.Validate();
        if (Precision == Precision.Int8 && !Method.KeepsLayers)
            throw new ArgumentException($"{nameof(Precision)}.{nameof(Precision.Int8)} holds the backbone's layers in 8 bits, and {Method.GetType().Name} trains inside them; take {nameof(Precision)}.{nameof(Precision.Float32)}, or a method that trains vectors or a head.", nameof(Precision));
        if (Verbalizer is not null && ReasonAgainstVerbalizer is { } reason) throw new ArgumentException(reason);
        Verbalizer?.Validate();
    }

    /// <summary>Checks what a classification head is to read.</summary>
    private protected void CheckPooling(Pooling pooling)
    {
        Require(Enum.IsDefined(pooling), nameof(Pooling), pooling, "one of " + string.Join(", ", Enum.GetNames<Pooling>()));
        if (pooling == Pooling.Mean && Verbalizer is not null) throw new ArgumentException("A verbalizer scores a masked word, not a mean over tokens; leave Pooling at FirstToken.", nameof(Pooling));
        if (pooling == Pooling.Mean && Method.ReadsVectors)
            throw new ArgumentException("PoolsFirstVector has the head read the prompt's first vector, not a mean over tokens; leave Pooling at FirstToken, or PoolsFirstVector false.", nameof(Pooling));
    }

    /// <summary>Refuses an option that a task has no use for.</summary>
    private protected static void Refuse(string task, bool isSet, string name, string why)
    {
        if (isSet) throw new ArgumentException($"{name} has no effect for {task}: {why}. Leave it as it is.", name);
    }
}

/// <summary>Progress of training.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Epochs">The largest number of epochs.</param>
/// <param name="Step">Steps done in this epoch.</param>
/// <param name="Steps">Steps of an epoch.</param>
/// <param name="Loss">Cross-entropy of the last step.</param>
public readonly record struct TrainingProgress(int Epoch, int Epochs, int Step, int Steps, double Loss);
