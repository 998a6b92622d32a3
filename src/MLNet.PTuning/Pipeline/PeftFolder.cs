// Saves prompts as Hugging Face PEFT does, and loads those of PEFT and of P-Tuning v2's own code for training or prediction.
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>
/// A trained prompt, with its head where there is one, from a folder of Hugging Face PEFT (adapter_config.json and adapter_model.safetensors or .bin;
/// PREFIX_TUNING, PROMPT_TUNING, P_TUNING or MULTITASK_PROMPT_TUNING) or from a checkpoint folder of the P-Tuning v2 authors' code (pytorch_model.bin or model.safetensors with <c>prefix_encoder.*</c>).
/// Set it as <see cref="PTuningOptions.StartFrom"/>, or predict with it as it is: <c>mlContext.Transforms.PTuningV2ClassifyFromPeft</c>.
/// </summary>
public sealed class PeftFolder
{
    private readonly IReadOnlyDictionary<string, TensorData> _tensors;

    internal PeftFolder(string path, TuningMethod method, string? taskType, string? baseModel, IReadOnlyDictionary<string, TensorData> tensors) =>
        (Path, Method, TaskType, BaseModel, _tensors) = (path, method, taskType, baseModel, tensors);

    /// <summary>The folder that it was read from.</summary>
    public string Path { get; }

    /// <summary>The tuning method of the prompt.</summary>
    public TuningMethod Method { get; }

    /// <summary>PEFT's task_type, such as <c>SEQ_CLS</c> or <c>TOKEN_CLS</c>; null where the folder does not name it.</summary>
    public string? TaskType { get; }

    /// <summary>PEFT's base_model_name_or_path: the backbone that it was trained on; null where the folder does not name it.</summary>
    public string? BaseModel { get; }

    /// <summary>
    /// Names of the classes in the order of the head's rows, where the folder has them: one that this library wrote (mlnet_ptuning.json), or a checkpoint of P-Tuning v2's
    /// code (<c>id2label</c> in its config.json). Null otherwise, as for folders that PEFT writes.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; internal init; }

    /// <summary>The contents of adapter_config.json; null for a prompt that is not from PEFT.</summary>
    internal PeftConfig? Config { get; init; }

    /// <summary>Number of classes of the head; null where the folder holds none.</summary>
    public int? ClassCount => _tensors.TryGetValue(LinearHead.Weight, out var weight) && weight.Shape.Length == 2 ? (int)weight.Shape[0] : null;

    /// <summary>Reads a folder; nothing in it is executed.</summary>
    /// <param name="folder">A folder of PEFT's, or a checkpoint folder of P-Tuning v2's code.</param>
    /// <param name="task">Which task's prompt of a MULTITASK_PROMPT_TUNING is taken, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The folder has no such task.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">It lacks a file.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or its tensors do not fit its configuration.</exception>
    /// <exception cref="NotSupportedException">Its method is not one that this library trains.</exception>
    public static PeftFolder Load(string folder, int task = 0)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        var read = PTuningCheckpoint.FindIn(folder) is { } checkpoint ? PTuningCheckpoint.Read(folder, checkpoint) : PeftForms.Read(folder, PeftAdapter.Load(folder), task);
        if (read.ClassNames is { } names && read.ClassCount is { } classes && (names.Count != classes || names.Distinct().Count() != classes))
            throw new InvalidDataException($"{folder} names the classes {string.Join(", ", names)}, but its head has {classes}, each with a name of its own; the files do not belong together.");
        return read;
    }

    /// <summary>
    /// Writes a trained prompt and its head as PEFT 0.20 does, so that <c>PeftModel.from_pretrained</c> loads it: <see cref="DeepPrompt"/> and
    /// <see cref="PrefixTuning"/> as PREFIX_TUNING, <see cref="SoftPrompt"/> as PROMPT_TUNING. A prompt that was trained through a network is written as that network's output.
    /// The names of the classes go into an additional file (mlnet_ptuning.json), which PEFT ignores.
    /// </summary>
    /// <param name="transformer">The result of <c>Fit</c>: a transformer of this library, or a chain that holds one.</param>
    /// <param name="folder">The folder to write; created where it does not exist.</param>
    /// <exception cref="ArgumentException">There is no, or more than one, transformer of this library in it.</exception>
    /// <exception cref="NotSupportedException">PEFT has no form for its tuning method.</exception>
    public static void Save(ITransformer transformer, string folder)
    {
        ArgumentNullException.ThrowIfNull(transformer);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        var tuned = TrainedPrompt.AllOf(transformer).ToList();
        if (tuned.Count != 1)
            throw new ArgumentException($"The model holds {tuned.Count} transformers of this library; give the one whose prompt is to be written.", nameof(transformer));
        PeftForms.Write(tuned[0]).Save(folder);
    }

    /// <summary>
    /// Writes soft prompts that were trained together with a <see cref="MultiTaskOptions.TaskRank"/> as PEFT's MULTITASK_PROMPT_TUNING: the shared prompt, every
    /// task's factors, and one task's head, as PEFT's classes have one. Tasks are counted from 0 in the order of <see cref="MultiTaskOptions.Tasks"/>, both in PEFT
    /// (<c>task_ids</c>) and in <see cref="Load"/>.
    /// </summary>
    /// <param name="model">The result of multi-task training.</param>
    /// <param name="task">Name of the task whose head is written.</param>
    /// <param name="folder">The folder to write; created where it does not exist.</param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    /// <exception cref="NotSupportedException">The tasks share one prompt without factors, or PEFT has no form for this task.</exception>
    public static void Save(MultiTaskModel model, string task, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (!model.Transformers.TryGetValue(task, out var transformer))
            throw new ArgumentException($"There is no task '{task}'; there are {string.Join(", ", model.TaskNames)}.", nameof(task));
        if (model.TaskRank is null)
            throw new NotSupportedException("These tasks share one prompt without factors, which PEFT's form of several tasks cannot represent; save each task's transformer, or train with TaskRank.");
        PeftForms.WriteTasks(TrainedPrompt.AllOf(transformer).Single(), [.. model.TaskNames.Select(name => TrainedPrompt.AllOf(model.Transformers[name]).Single().Model.Model)]).Save(folder);
    }

    /// <summary>SHA-256 of the tensors and of the names of the classes: identifies the values that training started from.</summary>
    internal string ContentHash
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var tensor in _tensors.Values.OrderBy(t => t.Name, StringComparer.Ordinal))
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{tensor.Name} {string.Join(',', tensor.Shape)}\n"));
                hash.AppendData(tensor.Bytes);
            }
            foreach (string name in ClassNames ?? []) hash.AppendData(Encoding.UTF8.GetBytes($"class {name}\n"));
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>Names of the classes of a model that has this folder's head as it is.</summary>
    /// <param name="given">The app's; null for the folder's own.</param>
    /// <exception cref="InvalidDataException">The folder holds no head.</exception>
    /// <exception cref="ArgumentException">There are no names, or they are not the head's.</exception>
    internal IReadOnlyList<string> NamesOfHead(IReadOnlyList<string>? given)
    {
        if (ClassCount is not { } count)
            throw new InvalidDataException($"{Path} holds a prompt without a head, so there is nothing to predict with; train from it (StartFrom), or give a folder that was saved with its head.");
        var names = given ?? ClassNames ?? throw new ArgumentException($"{Path} has no names for its {count} classes; give them in the order of its head's rows (id2label in Python).", "classNames");
        if (count != names.Count)
            throw new ArgumentException($"{Path} holds a head of {count} classes, but {names.Count} names were given ({string.Join(", ", names)}).", "classNames");
        if (ClassNames is { } own && !own.ToHashSet().SetEquals(names))
            throw new ArgumentException($"{Path} holds a head for the classes {string.Join(", ", own)}, not for {string.Join(", ", names)}. Leave the names out to use the folder's.", "classNames");
        return names;
    }

    /// <summary>
    /// <see cref="TensorsFor"/> with the head's rows in the order of <paramref name="classes"/>: by name where the folder has names, by position where it has none; without a
    /// head where the classes differ in number or name. The log says which.
    /// </summary>
    /// <exception cref="InvalidDataException">It was trained on another kind of backbone.</exception>
    internal SavedTensors StartFor(FrozenBackbone backbone, IReadOnlyList<string> classes, TrainingChannel channel, string? reasonAgainstHead)
    {
        var tensors = FittingTensors(backbone);
        if (ClassCount is not { } count)
            channel.Say($"{Path} holds a prompt without a head: the head is newly initialized.");
        else if (reasonAgainstHead is not null)
        {
            channel.Warn($"The head in {Path} {reasonAgainstHead}: the prompt is used, the head is newly initialized.");
            RemoveHead(tensors);
        }
        else if (count != classes.Count || (ClassNames is { } other && !other.ToHashSet().SetEquals(classes)))
        {
            channel.Warn($"The head in {Path} is for {count} classes{(ClassNames is null ? "" : $" ({string.Join(", ", ClassNames)})")}, the data has {classes.Count} ({string.Join(", ", classes)}): the prompt is used, the head is newly initialized.");
            RemoveHead(tensors);
        }
        else if (ClassNames is { } own)
            PeftHead.Reorder(tensors, [.. classes.Select(name => own.ToList().IndexOf(name))]);
        else
            channel.Warn($"{Path} has no names of classes for its head ({PeftAdapter.NamesFile}), so its rows are taken by position: {string.Join(", ", classes.Select((name, i) => $"row {i + 1} is '{name}'"))}. If it was trained with another order, predictions are wrong.");
        return SavedTensors.Of(Path, tensors);
    }

    /// <summary><see cref="TensorsFor"/> without the head, which belongs to one task.</summary>
    internal SavedTensors PromptFor(FrozenBackbone backbone)
    {
        var tensors = FittingTensors(backbone);
        RemoveHead(tensors);
        return SavedTensors.Of(Path, tensors);
    }

    /// <summary>Tensors under the names of this library's parameters. A pooler that equals the backbone's is left out.</summary>
    /// <exception cref="InvalidDataException">It was trained on another kind of backbone.</exception>
    internal SavedTensors TensorsFor(FrozenBackbone backbone) => SavedTensors.Of(Path, FittingTensors(backbone));

    private Dictionary<string, TensorData> FittingTensors(FrozenBackbone backbone)
    {
        CheckFits(backbone);
        var tensors = new Dictionary<string, TensorData>(_tensors);
        if (PeftHead.PoolerOf(backbone) is { } pooler && IsSame(LinearHead.PoolerWeight, pooler.Weight) && IsSame(LinearHead.PoolerBias, pooler.Bias))
        {
            tensors.Remove(LinearHead.PoolerWeight);
            tensors.Remove(LinearHead.PoolerBias);
        }
        return tensors;

        bool IsSame(string name, TensorData other) => tensors.TryGetValue(name, out var tensor) && tensor.Floats.Span.SequenceEqual(other.Floats.Span);
    }

    internal static TensorData Renamed(TensorData tensor, string name) => new(name, tensor.Shape, tensor.Floats);

    private static void RemoveHead(Dictionary<string, TensorData> tensors)
    {
        foreach (string name in new[] { LinearHead.Weight, LinearHead.Bias, LinearHead.PoolerWeight, LinearHead.PoolerBias }) tensors.Remove(name);
    }

    // Each field is compared: twice the layers of half the width make a prefix of the same shape.
    private void CheckFits(FrozenBackbone backbone)
    {
        if (Config is not { } saved) return;
        var actual = backbone.Config;
        bool isPrefix = saved.Type == PeftType.PREFIX_TUNING, isAtInput = !isPrefix && saved.TokenDim == actual.EmbeddingSize;
        var different = new (string Field, int? Saved, int Actual)[]
        {
            ("token_dim", isAtInput ? null : saved.TokenDim, isPrefix ? actual.KeyValueWidth : actual.HiddenSize), ("num_layers", saved.Layers, actual.LayerCount),
            ("num_attention_heads", saved.AttentionHeads, isPrefix ? actual.KeyValueHeads : actual.HeadCount),
        }.Where(field => field.Saved is { } value && value != field.Actual).ToList();
        if (different.Count > 0)
            throw new InvalidDataException($"{Path} was trained on a backbone of {string.Join(", ", different.Select(f => $"{f.Field} {f.Saved}"))}; {backbone.Folder.Path} has {string.Join(", ", different.Select(f => $"{f.Field} {f.Actual}"))}."
                + $" Give the backbone that it was trained on{(BaseModel is null ? "" : $" ({BaseModel})")}.");
    }
}
