// How the transformers library's classes name the head that PEFT saves under modules_to_save, and the order of the head's rows.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Pipeline;

/// <summary>Names of a head's tensors in PEFT's files and in this library.</summary>
internal static class PeftHead
{
    public const string Classification = "SEQ_CLS", Labeling = "TOKEN_CLS", Answering = "QUESTION_ANS", Writing = "CAUSAL_LM";

    private const string SpanModule = "qa_outputs";

    private const string Prefix = "base_model.";

    // What PEFT puts around a trained module, and the module as it was.
    private const string InMemory = ".modules_to_save.", BeforeTraining = ".original_module.";

    // The linear layer and the pooler before it: the end of a name in a file → this library's name. The first match counts.
    private static readonly (string InFile, string Name)[] Endings =
    [
        ("classifier.out_proj", "classifier"), ("classifier.dense", "pooler.dense"), ("pre_classifier", "pooler.dense"), ("pooler.dense", "pooler.dense"),
        ("albert.pooler", "pooler.dense"), ("classifier", "classifier"), ("score", "classifier"), (SpanModule, "classifier"),
    ];

    /// <summary>The head's tensors among those of a file, under the names of this library's parameters.</summary>
    /// <param name="tensors">The file's.</param>
    /// <param name="folder">Where they are from, for messages.</param>
    /// <exception cref="InvalidDataException">The file holds several heads.</exception>
    public static Dictionary<string, TensorData> Read(IReadOnlyDictionary<string, TensorData> tensors, string folder)
    {
        var head = new Dictionary<string, TensorData>();
        foreach (var tensor in tensors.Values)
            if (ParameterName(tensor.Name) is { } name && !head.TryAdd(name, PeftFolder.Renamed(tensor, name)))
                throw new InvalidDataException($"{folder}: the tensor '{tensor.Name}' is one of several that are the head's '{name}'; save the adapter that is to be used by itself.");
        return head;
    }

    /// <summary>Names of the classes that a head has by its kind, by the names of its tensors: one that finds answers has a start and an end; null for others, which have the data's.</summary>
    public static IReadOnlyList<string>? ClassesOf(IEnumerable<string> names) =>
        names.Any(name => ParameterName(name) == LinearHead.Weight && name.Contains(SpanModule, StringComparison.Ordinal)) ? QuestionAnswering.Ends : null;

    /// <summary>Modules of the backbone that were trained too and are no head, by the name of a tensor; null for none.</summary>
    public static string? OtherModule(IEnumerable<string> names) =>
        names.FirstOrDefault(name => name.StartsWith(Prefix, StringComparison.Ordinal) && !name.Contains(BeforeTraining, StringComparison.Ordinal) && ParameterName(name) is null);

    /// <summary>This library's name of a head's tensor; null for other tensors.</summary>
    public static string? ParameterName(string name)
    {
        if (name.Contains(BeforeTraining, StringComparison.Ordinal)) return null;
        int trained = name.IndexOf(InMemory, StringComparison.Ordinal);
        if (trained < 0) return NameOf(name);
        // In memory the adapter's name stands between: "classifier.modules_to_save.default.weight".
        string module = name[..trained], rest = name[(trained + InMemory.Length)..];
        return NameOf($"{module}.{rest}") ?? (rest.IndexOf('.') is > 0 and int end ? NameOf(module + rest[end..]) : null);
    }

    private static string? NameOf(string name)
    {
        foreach (string part in new[] { ".weight", ".bias" })
        {
            if (!name.EndsWith(part, StringComparison.Ordinal)) continue;
            string module = "." + name[..^part.Length];
            foreach (var (inFile, ownName) in Endings)
                if (module.EndsWith("." + inFile, StringComparison.Ordinal)) return ownName + part;
        }
        return null;
    }

    /// <summary>Puts the rows of a head into the order of other class names.</summary>
    /// <param name="tensors">Holds the head's weight and bias.</param>
    /// <param name="rows">The head's row of each class.</param>
    public static void Reorder(Dictionary<string, TensorData> tensors, IReadOnlyList<int> rows)
    {
        foreach (string name in new[] { LinearHead.Weight, LinearHead.Bias })
        {
            if (!tensors.TryGetValue(name, out var tensor)) continue;
            int width = tensor.Floats.Length / rows.Count;
            tensors[name] = new TensorData(name, tensor.Shape, rows.SelectMany(row => tensor.Floats.Slice(row * width, width).ToArray()).ToArray());
        }
    }

    /// <summary>modules_to_save and the tensors of a trained head.</summary>
    public static (IReadOnlyList<string> Modules, Dictionary<string, TensorData> Tensors) Write(IReadOnlyDictionary<string, TensorData> trained, FrozenBackbone backbone, string taskType)
    {
        bool pools = taskType == Classification;
        var (classifier, pooler, poolerModule) = Names(backbone.Config.ModelType, taskType);
        List<string> modules = taskType == Answering ? [SpanModule] : ["classifier", "score"];
        var tensors = new Dictionary<string, TensorData>();
        Add(classifier + ".weight", trained[LinearHead.Weight]);
        if (trained.TryGetValue(LinearHead.Bias, out var bias)) Add(classifier + ".bias", bias);
        if (!pools) return (modules, tensors);
        if (trained.TryGetValue(LinearHead.PoolerWeight, out var weight))
        {
            Add(pooler + ".weight", weight);
            Add(pooler + ".bias", trained[LinearHead.PoolerBias]);
            if (poolerModule is not null) modules.Add(poolerModule);
        }
        else if (poolerModule is null && PoolerOf(backbone) is { } frozen)
        {
            // The transformers library's head contains the pooler, so the backbone's frozen one is written as part of it.
            Add(pooler + ".weight", frozen.Weight);
            Add(pooler + ".bias", frozen.Bias);
        }
        return (modules, tensors);

        void Add(string name, TensorData tensor) => tensors[Prefix + name] = PeftFolder.Renamed(tensor, Prefix + name);
    }

    /// <summary>Values of a backbone's pooler; null where it has none.</summary>
    public static (TensorData Weight, TensorData Bias)? PoolerOf(FrozenBackbone backbone) => backbone.Encoder.Pooler is not { } pooler ? null
        : ComputeThread.Run(() => (Of(LinearHead.PoolerWeight, pooler.Weight), Of(LinearHead.PoolerBias, pooler.Bias!)));

    private static TensorData Of(string name, torch.Tensor values) => new(name, values.shape, ParameterFactory.ToArray(values));

    // The linear layer, the pooler, and the pooler's module where it is not part of the classifier.
    private static (string Classifier, string Pooler, string? PoolerModule) Names(string modelType, string taskType) => modelType switch
    {
        _ when taskType == Answering => (SpanModule, "", null),
        "gpt2" when taskType == Labeling => ("classifier", "", null),
        "gpt2" or "llama" or "mistral" or "qwen2" => ("score", "", null),
        _ when taskType == Labeling => ("classifier", "", null),
        "roberta" or "camembert" or "xlm-roberta" or "electra" => ("classifier.out_proj", "classifier.dense", null),
        "distilbert" => ("classifier", "pre_classifier", "pre_classifier"),
        "deberta-v2" => ("classifier", "pooler.dense", "pooler"),
        "albert" => ("classifier", "albert.pooler", "pooler"),
        _ => ("classifier", "bert.pooler.dense", "pooler"),
    };
}
