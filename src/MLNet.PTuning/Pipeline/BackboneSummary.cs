// What a backbone's folder holds, as far as its files say it without loading the weights.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;

namespace MLNet.PTuning;

/// <summary>A tensor of a file.</summary>
public sealed class TensorSummary
{
    internal TensorSummary(string name, ElementType type, IReadOnlyList<long> shape) => (Name, Type, Shape) = (name, type.SafetensorsName(), shape);

    /// <summary>Its name, as the file spells it.</summary>
    public string Name { get; }

    /// <summary>The type of its elements, as safetensors names it: <c>F32</c>, <c>BF16</c>.</summary>
    public string Type { get; }

    /// <summary>Its dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }
}

/// <summary>A backbone's folder: architecture, sizes, files (<see cref="Backbone.Inspect"/>).</summary>
public sealed class BackboneSummary
{
    private readonly ModelFolder _folder;

    internal BackboneSummary(ModelFolder folder)
    {
        _folder = folder;
        var config = BackboneConfig.Parse(folder.Config, folder.PathOf("config.json"));
        (Folder, Files) = (folder.Path, [.. folder.Files]);
        (ModelType, IsDecoder) = (config.ModelType, BackboneFamily.All[config.ModelType].IsDecoder);
        (LayerCount, HiddenSize, HeadCount) = (config.LayerCount, config.HiddenSize, config.HeadCount);
        (VocabularySize, MaxPositions) = (config.VocabSize, config.MaxPositions);
        using var weights = folder.OpenWeights();
        // An ONNX graph may name a matrix once by itself and once as PyTorch does; PyTorch's files may store tensors that are tied once for several names.
        var entries = weights.Entries.Values.OrderBy(IsOfGraph).ThenBy(entry => entry.Name, StringComparer.Ordinal).ToList();
        var stored = entries.DistinctBy(entry => (entry.File, entry.Offset, entry.Count)).ToList();
        Tensors = [.. (OnnxFile.IsOnnx(folder.WeightFiles[0]) ? stored : entries).Select(entry => new TensorSummary(entry.Name, entry.Type, entry.Shape))];
        ParameterCount = stored.Where(entry => entry.Type is ElementType.F16 or ElementType.BF16 or ElementType.F32 or ElementType.F64).Sum(entry => entry.Count);
    }

    private static bool IsOfGraph(TensorEntry entry) => entry.Name.Contains("::", StringComparison.Ordinal) || entry.Name.StartsWith('/');

    /// <summary>The folder's full path; of a model in Hugging Face's cache that of its snapshot.</summary>
    public string Folder { get; }

    /// <summary>The architecture: <c>model_type</c> of config.json.</summary>
    public string ModelType { get; }

    /// <summary>Whether it writes texts, as GPT-2 and Llama do.</summary>
    public bool IsDecoder { get; }

    /// <summary>Layers.</summary>
    public int LayerCount { get; }

    /// <summary>Width of the hidden states.</summary>
    public int HiddenSize { get; }

    /// <summary>Attention heads of a layer.</summary>
    public int HeadCount { get; }

    /// <summary>Word pieces that it has embeddings for.</summary>
    public int VocabularySize { get; }

    /// <summary>Word pieces of the longest row, a prompt's vectors included.</summary>
    public int MaxPositions { get; }

    /// <summary>Numbers in the tensors of floats that the weights' files hold, heads included; a tensor that several names share counts once.</summary>
    public long ParameterCount { get; }

    /// <summary>SHA-256 over config.json and the weights, by which a saved model finds its backbone again. Asked for the first time, it reads all of them.</summary>
    /// <exception cref="IOException">A file is not there any more.</exception>
    public string ContentHash => _folder.ContentHash;

    /// <summary>Names of the files that make up the model.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The tensors of the weights' files, by name. Tensors of an ONNX model have their names in PyTorch where the graph shows them.</summary>
    public IReadOnlyList<TensorSummary> Tensors { get; }
}
