// A prompt as PEFT keeps it: a folder with adapter_config.json and adapter_model.safetensors (older: adapter_model.bin); and beside these,
// in a file of this library's own that PEFT ignores, the names of the head's classes.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MLNet.PTuning.Files;

/// <param name="Config">What adapter_config.json says.</param>
/// <param name="Tensors">prompt_embeddings, what MULTITASK_PROMPT_TUNING has in addition to it, and base_model.* of the modules that were
/// trained too; floats.</param>
internal sealed record PeftAdapter(PeftConfig Config, IReadOnlyDictionary<string, TensorData> Tensors)
{
    public const string PromptName = "prompt_embeddings", TaskColumnsName = "prefix_task_cols", TaskRowsName = "prefix_task_rows";

    /// <summary>The file with the names of the head's classes.</summary>
    public const string NamesFile = "mlnet_ptuning.json";

    private const string ConfigFile = "adapter_config.json";
    private const string WeightsFile = "adapter_model.safetensors", OldWeightsFile = "adapter_model.bin";
    private const string NamesField = "class_names", HashField = "weights_sha256";

    /// <summary>Names of the classes in the order of the head's rows; null where the folder has none for its weights.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">It lacks one of the two files.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the tensors do not have the shapes that the configuration asks for.</exception>
    /// <exception cref="NotSupportedException">It is of a method that is not prompt learning.</exception>
    public static PeftAdapter Load(string folder)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The PEFT folder {folder} does not exist; give the folder that holds {ConfigFile}.");
        string configuration = Path.Combine(folder, ConfigFile);
        if (!File.Exists(configuration))
            throw new FileNotFoundException($"{folder} has no {ConfigFile}, so it is no PEFT folder.{WhereItMayBe(folder)}", configuration);
        PeftConfig config = PeftConfig.Read(configuration);
        string weights = Path.Combine(folder, WeightsFile), old = Path.Combine(folder, OldWeightsFile);
        using WeightFile file = WeightFile.Open(!File.Exists(weights) && File.Exists(old) ? old : weights);
        CheckShapes(config, file.Path, name => file.Entries.TryGetValue(name, out TensorEntry? entry) ? entry.Shape : null);
        return new PeftAdapter(config, file.Entries.Values.ToDictionary(entry => entry.Name, entry => Values(file, entry)))
        {
            ClassNames = ReadNames(Path.Combine(folder, NamesFile), file.Path),
        };
    }

    private static TensorData Values(WeightFile file, TensorEntry entry)
    {
        float[] values = file.ReadFloats(entry.Name);
        FiniteValues.Check(file.Path, entry.Name, values);
        return new TensorData(entry.Name, entry.Shape, values);
    }

    // PEFT saves an adapter that is not called "default" into a folder of its name, and a trainer its checkpoints into folders.
    private static string WhereItMayBe(string folder) =>
        Directory.EnumerateDirectories(folder).Where(sub => File.Exists(Path.Combine(sub, ConfigFile))).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } inner
            ? $" Its {(inner.Length == 1 ? "subfolder" : "subfolders")} {string.Join(", ", inner)} {(inner.Length == 1 ? "has" : "have")} one: give the adapter's own folder."
            : $" Give the folder that PEFT's save_pretrained wrote, with {ConfigFile} and {WeightsFile}.";

    /// <summary>Writes the files, each to a temporary file that is then moved; makes the folder where it is missing.</summary>
    /// <exception cref="InvalidDataException">The tensors do not have the shapes that the configuration asks for.</exception>
    public void Save(string folder)
    {
        CheckShapes(Config, folder, name => Tensors.TryGetValue(name, out TensorData? tensor) ? tensor.Shape : null);
        Directory.CreateDirectory(folder);
        string weights = Path.Combine(folder, WeightsFile);
        SafetensorsWriter.Write(weights, Tensors.Values, new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(Path.Combine(folder, ConfigFile), stream => stream.Write(Encoding.ASCII.GetBytes(Config.ToJson())));
        if (ClassNames is null) return;
        var names = new JsonObject { [NamesField] = new JsonArray([.. ClassNames.Select(name => JsonValue.Create(name))]), [HashField] = HashOf(weights) };
        AtomicFile.Write(Path.Combine(folder, NamesFile), stream => JsonSerializer.Serialize(stream, names));
    }

    // Another program may have written other weights beside the names since.
    private static IReadOnlyList<string>? ReadNames(string path, string weights)
    {
        if (!File.Exists(path)) return null;
        using JsonDocument document = JsonFile.ReadObject(path, 1 << 24);
        var json = new JsonFields(path, document.RootElement);
        return json.Text(HashField) == HashOf(weights) ? json.Texts(NamesField) : null;
    }

    private static string HashOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static void CheckShapes(PeftConfig config, string source, Func<string, long[]?> shapeOf)
    {
        long rows = (long)config.VirtualTokens * config.Submodules;
        long width = config.Type == PeftType.PREFIX_TUNING
            ? 2L * config.TokenDim * (config.Layers ?? throw new InvalidDataException(
                $"{source}: num_layers is missing, so the prefix's shape is not known; add it to {ConfigFile}."))
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
                $"{source} lacks the tensor '{name}', which {config.Type} consists of; save the adapter again.");
            if (!shape.AsSpan().SequenceEqual(expected))
            {
                throw new InvalidDataException($"{source}: tensor '{name}' has the shape [{string.Join(", ", shape)}], but {ConfigFile} "
                    + $"asks for [{string.Join(", ", expected)}]. {(shape.Contains(0) ? FiniteValues.WhyEmpty : "The two do not belong together.")}");
            }
        }
    }
}
