// A prompt as PEFT keeps it: a folder with adapter_config.json and adapter_model.safetensors (older: adapter_model.bin).
using System.Text;

namespace MLNet.PTuning.Files;

/// <param name="Config">What adapter_config.json says.</param>
/// <param name="Tensors">prompt_embeddings, what MULTITASK_PROMPT_TUNING has beside it, and base_model.* of the modules that were
/// trained too; floats.</param>
internal sealed record PeftAdapter(PeftConfig Config, IReadOnlyDictionary<string, TensorData> Tensors)
{
    public const string PromptName = "prompt_embeddings", TaskColumnsName = "prefix_task_cols", TaskRowsName = "prefix_task_rows";

    private const string ConfigFile = "adapter_config.json";
    private const string WeightsFile = "adapter_model.safetensors", OldWeightsFile = "adapter_model.bin";

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">It lacks one of the two files.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, of a method that is not prompt learning, or the tensors do not have the
    /// shapes that the configuration asks for.</exception>
    public static PeftAdapter Load(string folder)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The PEFT folder {folder} does not exist; give the folder that holds {ConfigFile}.");
        PeftConfig config = PeftConfig.Read(Path.Combine(folder, ConfigFile));
        string weights = Path.Combine(folder, WeightsFile), old = Path.Combine(folder, OldWeightsFile);
        using WeightFile file = WeightFile.Open(!File.Exists(weights) && File.Exists(old) ? old : weights);
        CheckShapes(config, file.Path, name => file.Entries.TryGetValue(name, out TensorEntry? entry) ? entry.Shape : null);
        return new PeftAdapter(config, file.Entries.Values.ToDictionary(
            entry => entry.Name, entry => new TensorData(entry.Name, entry.Shape, file.ReadFloats(entry.Name))));
    }

    /// <summary>Writes both files, each beside and then moved; makes the folder where it is missing.</summary>
    /// <exception cref="InvalidDataException">The tensors do not have the shapes that the configuration asks for.</exception>
    public void Save(string folder)
    {
        CheckShapes(Config, folder, name => Tensors.TryGetValue(name, out TensorData? tensor) ? tensor.Shape : null);
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(Path.Combine(folder, WeightsFile), Tensors.Values, new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(Path.Combine(folder, ConfigFile), stream => stream.Write(Encoding.ASCII.GetBytes(Config.ToJson())));
    }

    private static void CheckShapes(PeftConfig config, string place, Func<string, long[]?> shapeOf)
    {
        long rows = (long)config.VirtualTokens * config.Submodules;
        long width = config.Type == PeftType.PREFIX_TUNING
            ? 2L * config.TokenDim * (config.Layers ?? throw new InvalidDataException(
                $"{place}: num_layers is missing, so the prefix's shape is not known; add it to {ConfigFile}."))
            : config.TokenDim;
        Check(PromptName, [rows, width]);
        if (config.Type == PeftType.MULTITASK_PROMPT_TUNING)
        {
            Check(TaskColumnsName, [config.Tasks, rows, config.Ranks]);
            Check(TaskRowsName, [config.Tasks, config.Ranks, config.TokenDim]);
        }

        void Check(string name, long[] expected)
        {
            long[] shape = shapeOf(name) ?? throw new InvalidDataException(
                $"{place} lacks the tensor '{name}', which {config.Type} consists of; save the adapter again.");
            if (!shape.AsSpan().SequenceEqual(expected))
            {
                throw new InvalidDataException($"{place}: tensor '{name}' has the shape [{string.Join(", ", shape)}], but {ConfigFile} "
                    + $"asks for [{string.Join(", ", expected)}]; the two do not belong together.");
            }
        }
    }
}
