// Checkpoints of the P-Tuning v2 authors' code: a whole model's tensors, of which the prefix and the head are read, and the names of the classes in config.json.
using System.Globalization;
using System.Text.Json;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Pipeline;

/// <summary>Reads <c>prefix_encoder.*</c> and <c>classifier.*</c> or <c>qa_outputs.*</c> from a checkpoint, and the pooler that the reference froze as it was initialized.</summary>
internal static class PTuningCheckpoint
{
    private const string Table = PrefixTable.Name, FirstLayer = "prefix_encoder.trans.0", SecondLayer = "prefix_encoder.trans.2";

    /// <summary>The checkpoint's file in a folder that is not PEFT's; null where it has none.</summary>
    public static string? FindIn(string folder) => File.Exists(Path.Combine(folder, "adapter_config.json")) ? null
        : new[] { "model.safetensors", "pytorch_model.bin" }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <exception cref="InvalidDataException">It holds no prefix, or tensors of shapes that a prefix cannot have.</exception>
    /// <exception cref="NotSupportedException">It holds a prompt of another kind.</exception>
    public static PeftFolder Read(string folder, string path)
    {
        using var file = WeightFile.Open(path);
        if (!file.Entries.ContainsKey(Table) && file.Entries.ContainsKey("transformer." + Table))
            throw new NotSupportedException($"{path} holds a prompt of ChatGLM ('transformer.{Table}'), an architecture that is not supported; supported are prompts of {string.Join(", ", Backbone.Supported)}.");
        if (!file.Entries.ContainsKey(Table))
            throw file.Entries.ContainsKey("prefix_encoder.weight")
                ? new NotSupportedException($"{path} holds a shallow prompt ('prefix_encoder.weight'), which the reference embeds twice; supported are its deep prompts.")
                : new InvalidDataException($"{path} holds no tensor '{Table}', and the folder has no adapter_config.json; give a PEFT folder or a checkpoint of P-Tuning v2.");
        var tensors = new Dictionary<string, TensorData>();
        foreach (var entry in file.Entries.Values)
            if (PeftHead.ParameterName(entry.Name) is { } name) tensors[name] = new TensorData(name, entry.Shape, file.ReadFloats(entry.Name));
        var table = file.Entries.ContainsKey(FirstLayer + ".weight") ? Folded(file) : new TensorData(Table, file.Entries[Table].Shape, file.ReadFloats(Table));
        foreach (var tensor in tensors.Values.Append(table)) FiniteValues.Check(path, tensor.Name, tensor.Floats.Span);
        if (table.Shape.Length != 2 || table.Shape[0] is < 1 or > 1 << 16)
            throw new InvalidDataException($"{path}: tensor '{Table}' has shape [{string.Join(", ", table.Shape)}]; a prefix is [P, 2·L·H].");
        tensors[Table] = table;
        return new PeftFolder(folder, new DeepPrompt { Length = (int)table.Shape[0] }, null, null, tensors) { ClassNames = PeftHead.ClassesOf(file.Entries.Keys) ?? ClassNames(Path.Combine(folder, "config.json")) };
    }

    // id2label of a config.json; null where it has only the placeholders LABEL_0, LABEL_1, …
    private static string[]? ClassNames(string config)
    {
        if (!File.Exists(config)) return null;
        using var document = JsonFile.ReadObject(config, 1 << 24);
        if (!document.RootElement.TryGetProperty("id2label", out var labels) || labels.ValueKind != JsonValueKind.Object) return null;
        var names = new SortedDictionary<int, string>();
        foreach (var label in labels.EnumerateObject())
        {
            if (!int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int row) || label.Value.ValueKind != JsonValueKind.String) return null;
            names[row] = label.Value.GetString()!;
        }
        bool inOrder = names.Keys.SequenceEqual(Enumerable.Range(0, names.Count));
        return inOrder && names.Any(name => name.Value != $"LABEL_{name.Key}") ? [.. names.Values] : null;
    }

    // The output of the reparameterization's network for its embedding, computed as the deep prompt computes it.
    private static TensorData Folded(WeightFile file) => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        long[] embedding = file.Entries[Table].Shape;
        if (embedding.Length != 2) throw Wrong(Table);
        var first = LayerOf(FirstLayer, embedding[1]);
        var second = LayerOf(SecondLayer, first.Weight.shape[0]);
        var output = second.Apply(first.Apply(Values(Table)).tanh());
        return new TensorData(Table, output.shape, ParameterFactory.ToArray(output));

        Linear LayerOf(string name, long inputs)
        {
            long[] weight = Shape(name + ".weight"), bias = Shape(name + ".bias");
            if (weight.Length != 2 || weight[1] != inputs || bias.Length != 1 || bias[0] != weight[0]) throw Wrong(name);
            return new Linear(Values(name + ".weight"), Values(name + ".bias"));
        }

        long[] Shape(string name) => file.Entries.TryGetValue(name, out var entry) ? entry.Shape : throw Wrong(name);

        torch.Tensor Values(string name) => ParameterFactory.From(file.ReadFloats(name), file.Entries[name].Shape, torch.CPU);

        InvalidDataException Wrong(string name) => new($"{file.Path}: '{name}' is missing or does not fit the rest of the prefix's network; save the checkpoint again.");
    });
}
