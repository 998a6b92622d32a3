// Prompts trained here as Hugging Face PEFT keeps them, and PEFT's (and P-Tuning v2's own) as a start for training or prediction here.
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

    /// <summary>The method that trains what the folder holds.</summary>
    public TuningMethod Method { get; }

    /// <summary>PEFT's task_type, such as <c>SEQ_CLS</c> or <c>TOKEN_CLS</c>; null where the folder does not say.</summary>
    public string? TaskType { get; }

    /// <summary>PEFT's base_model_name_or_path: the backbone that it was trained on; null where the folder does not say.</summary>
    public string? BaseModel { get; }

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
        return PTuningCheckpoint.FindIn(folder) is { } checkpoint ? PTuningCheckpoint.Read(folder, checkpoint) : PeftForms.Read(folder, PeftAdapter.Load(folder), task);
    }

    /// <summary>
    /// Writes a trained prompt and its head as PEFT 0.20 does, so that <c>PeftModel.from_pretrained</c> takes it: <see cref="DeepPrompt"/> and
    /// <see cref="PrefixTuning"/> as PREFIX_TUNING, <see cref="SoftPrompt"/> as PROMPT_TUNING. A prompt that was trained through a network is written as that network's output.
    /// </summary>
    /// <param name="transformer">What <c>Fit</c> gave: a transformer of this library, or a chain that holds one.</param>
    /// <param name="folder">Where to write; made where it is missing.</param>
    /// <exception cref="ArgumentException">There is no, or more than one, transformer of this library in it.</exception>
    /// <exception cref="NotSupportedException">PEFT has no form for its tuning method.</exception>
    public static void Save(ITransformer transformer, string folder)
    {
        ArgumentNullException.ThrowIfNull(transformer);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        var tuned = Tuned(transformer).ToList();
        if (tuned.Count != 1)
            throw new ArgumentException($"The model holds {tuned.Count} transformers of this library; give the one whose prompt is to be written.", nameof(transformer));
        var (model, method, pools) = tuned[0];
        PeftForms.Write(model, method, pools).Save(folder);
    }

    /// <summary>
    /// Writes soft prompts that were trained together with a <see cref="MultiTaskOptions.TaskRank"/> as PEFT's MULTITASK_PROMPT_TUNING: the shared prompt, every
    /// task's factors, and one task's head, as PEFT's classes have one. Tasks are counted from 0 in the order of <see cref="MultiTaskOptions.Tasks"/>, there
    /// (<c>task_ids</c>) and in <see cref="Load"/>.
    /// </summary>
    /// <param name="model">What multi-task training gave.</param>
    /// <param name="task">Name of the task whose head is written.</param>
    /// <param name="folder">Where to write; made where it is missing.</param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    /// <exception cref="NotSupportedException">The tasks share their prompt as it is, or PEFT has no form for this task.</exception>
    public static void Save(MultiTaskModel model, string task, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (!model.Transformers.TryGetValue(task, out var transformer))
            throw new ArgumentException($"There is no task '{task}'; there are {string.Join(", ", model.TaskNames)}.", nameof(task));
        if (model.TaskRank is null)
            throw new NotSupportedException("These tasks share their prompt as it is, for which PEFT's form of several tasks has no place; save each task's transformer, or train with TaskRank.");
        var (tuned, method, pools) = Tuned(transformer).Single();
        PeftForms.WriteTasks(tuned, method, pools, [.. model.TaskNames.Select(name => Tuned(model.Transformers[name]).Single().Model)]).Save(folder);
    }

    /// <summary>SHA-256 of the tensors, names included: what tells one start of training from another.</summary>
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
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>Tensors under the names of this library's parameters. A pooler that equals the backbone's is left to the backbone.</summary>
    internal SavedTensors TensorsFor(Backbone backbone)
    {
        var tensors = new Dictionary<string, TensorData>(_tensors);
        if (PeftHead.PoolerOf(backbone) is { } pooler && IsSame(LinearHead.PoolerWeight, pooler.Weight) && IsSame(LinearHead.PoolerBias, pooler.Bias))
        {
            tensors.Remove(LinearHead.PoolerWeight);
            tensors.Remove(LinearHead.PoolerBias);
        }
        return SavedTensors.Of(Path, tensors);

        bool IsSame(string name, TensorData other) => tensors.TryGetValue(name, out var tensor) && tensor.Floats.Span.SequenceEqual(other.Floats.Span);
    }

    internal static TensorData Renamed(TensorData tensor, string name) => new(name, tensor.Shape, tensor.Floats);

    private static IEnumerable<(TunedModel Model, TuningMethod Method, bool Pools)> Tuned(ITransformer transformer) => transformer switch
    {
        TextClassificationTransformer classifier => [(classifier.Model, classifier.Method, true)],
        TokenLabellingTransformer labeller => [(labeller.Model, labeller.Method, false)],
        IEnumerable<ITransformer> chain => chain.SelectMany(Tuned),
        _ => [],
    };
}
