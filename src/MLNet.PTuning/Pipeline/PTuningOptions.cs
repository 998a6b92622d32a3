// The options that all of this library's estimators share: the backbone, the method, the columns, training.
using System.Text.Json;
using Microsoft.ML;

namespace MLNet.PTuning;

/// <summary>Options of an estimator that trains a prompt, or another tuning method, on a frozen backbone.</summary>
public abstract class PTuningOptions : TrainingOptions
{
    private static readonly TuningMethod DefaultMethod = new DeepPrompt();
    private TuningMethod? _method;

    private protected PTuningOptions(string backboneFolder) => BackboneFolder = backboneFolder;

    /// <summary>The backbone's folder as Hugging Face publishes it: config.json, weights (safetensors, PyTorch or ONNX), the tokenizer's files.</summary>
    public string BackboneFolder { get; }

    /// <summary>What is trained. Default: what <see cref="StartFrom"/> holds; without that <see cref="DeepPrompt"/> (P-Tuning v2) of length 20.</summary>
    public TuningMethod Method
    {
        get => _method ?? StartFrom?.Method ?? DefaultMethod;
        set => _method = value ?? throw new ArgumentNullException(nameof(Method));
    }

    /// <summary>
    /// A trained prompt to begin with instead of random values, from Hugging Face PEFT or from P-Tuning v2's own code: <c>PeftFolder.Load(folder)</c>.
    /// Its head is taken over too where it is for the classes of the data: by their names where the folder has them (<see cref="PeftFolder.ClassNames"/>), else by
    /// position, which the log says. A head for other classes begins anew, which the log says too. In multi-task training the prompt alone is taken. Default null.
    /// </summary>
    public PeftFolder? StartFrom { get; set; }

    /// <summary>
    /// Words that stand for the classes, scored by the backbone's masked-word head in place of a trained classification head. For classification of texts,
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
    /// Longest row in word pieces, specials included; longer rows are cut at their end, the longer text of a pair first.
    /// Default null: all that the backbone has room for beside the prompt.
    /// </summary>
    public int? MaxSequenceLength { get; set; }

    /// <summary>Rows that prediction over a data view reads ahead and computes together. Default 32.</summary>
    public int PredictionBatchSize { get; set; } = 32;

    /// <summary>
    /// Rows on which every epoch is scored, with the same column names as the training rows; the label may be the plain value
    /// (as before <c>MapValueToKey</c>) or a key. The pipeline's earlier steps are not applied to it, so rows must be given as this step would read them.
    /// Default null: none; the last epoch is kept.
    /// </summary>
    public IDataView? ValidationSet { get; set; }

    /// <summary>
    /// Puts the backbone's files into the saved model, so that the model file is all that another machine needs. Default false. Loading unpacks them, once for each
    /// backbone: into MLNet.PTuning/backbones in the user's folder of application data (<see cref="Environment.SpecialFolder.LocalApplicationData"/>; on Linux
    /// ~/.local/share), open to that user alone, or into MLNet.PTuning in <c>MLContext.TempFilePath</c> where the app has set that. The folder may be deleted whenever no
    /// process is using it.
    /// </summary>
    public bool EmbedBackbone { get; set; }

    /// <summary>Told after every training step. Default null. ML.NET's channels (<c>MLContext.Log</c>) are told in any case.</summary>
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>A copy whose settings may be changed.</summary>
    internal PTuningOptions Copy() => (PTuningOptions)MemberwiseClone();

    internal override IEnumerable<(string Name, string Value)> Describe() =>
        [.. base.Describe(), (nameof(Method), JsonSerializer.Serialize(Method)), (nameof(Verbalizer), JsonSerializer.Serialize(Verbalizer)), (nameof(StartFrom), StartFrom?.ContentHash ?? "")];

    /// <summary>Why this task takes no verbalizer; null where it does.</summary>
    private protected virtual string? ReasonAgainstVerbalizer => "This task has no classes that words could stand for; leave Verbalizer null.";

    internal override void Validate()
    {
        base.Validate();
        ArgumentException.ThrowIfNullOrWhiteSpace(BackboneFolder);
        Require(PredictionBatchSize >= 1, nameof(PredictionBatchSize), PredictionBatchSize, "at least 1");
        Require(MaxSequenceLength is null or >= 3, nameof(MaxSequenceLength), MaxSequenceLength, "at least 3 (two special tokens and one of text)");
        Method.Validate();
        if (Verbalizer is not null && ReasonAgainstVerbalizer is { } reason) throw new ArgumentException(reason);
        Verbalizer?.Validate();
    }
}

/// <summary>Where training stands.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Epochs">How many there will be at most.</param>
/// <param name="Step">Steps done in this epoch.</param>
/// <param name="Steps">Steps of an epoch.</param>
/// <param name="Loss">Cross-entropy of the last step.</param>
public readonly record struct TrainingProgress(int Epoch, int Epochs, int Step, int Steps, double Loss);
