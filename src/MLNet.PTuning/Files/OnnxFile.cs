// Reads the weights of an ONNX model as PyTorch's exporters write it, and finds the files beside it that hold a part of them.
using System.Globalization;

namespace MLNet.PTuning.Files;

internal static class OnnxFile
{
    public const string Extension = ".onnx";

    /// <summary>Whether a path is that of an ONNX model.</summary>
    public static bool IsOnnx(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Names of the files beside a model that hold tensors of it, sorted.</summary>
    /// <exception cref="InvalidDataException">The model is damaged, or names a file that is not in its folder.</exception>
    public static IReadOnlyList<string> ExternalFiles(string path)
    {
        using var file = new MappedFile(path);
        return [.. OnnxGraph.Read(file).Tensors.Values.Where(tensor => tensor.External.Count > 0).Select(tensor => LocationOf(file, tensor))
            .Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The tensors of a model, which the caller's <paramref name="file"/> and the files beside it hold.</summary>
    public static WeightFile Open(MappedFile file)
    {
        var others = new Dictionary<string, MappedFile>();
        try
        {
            var entries = new Dictionary<string, TensorEntry>();
            foreach ((string name, OnnxView view) in new OnnxWeights(OnnxGraph.Read(file)).Named)
            {
                if (Entry(file, name, view, others) is { } entry)
                    entries.Add(name, entry);
            }
            return new WeightFile(file.Path, [file, .. others.Values], entries);
        }
        catch
        {
            foreach (MappedFile other in others.Values)
                other.Dispose();
            throw;
        }
    }

    // Whole numbers stand in the graph for shapes and indices; no weight is among them.
    private static TensorEntry? Entry(MappedFile file, string name, OnnxView view, Dictionary<string, MappedFile> others)
    {
        OnnxTensor tensor = view.Tensor;
        (ElementType type, int field) = tensor.DataType switch
        {
            1 => (ElementType.F32, 4),
            10 => (ElementType.F16, 9),
            11 => (ElementType.F64, 10),
            16 => (ElementType.BF16, 9),
            _ => (default, 0),
        };
        if (field == 0)
            return null;
        (MappedFile holder, Extent bytes) = Place(file, tensor, field, others);
        long[]? strides = view.Transposed ? [1, tensor.Shape[1]] : null;
        long[] shape = view.Transposed ? [tensor.Shape[1], tensor.Shape[0]] : tensor.Shape;
        var entry = new TensorEntry(name, type, shape, holder, bytes.Offset, strides);
        return entry.ByteLength == bytes.Length ? entry : throw new InvalidDataException(
            $"{file.Path}: the tensor '{tensor.Name}' of shape [{string.Join(", ", tensor.Shape)}] and type {type} needs {entry.ByteLength} bytes "
            + $"but has {bytes.Length}; the file is damaged. Download or copy it again.");
    }

    private static (MappedFile File, Extent Bytes) Place(MappedFile file, OnnxTensor tensor, int field, Dictionary<string, MappedFile> others)
    {
        if (tensor.External.Count > 0)
            return External(file, tensor, others);
        if (tensor.Data is not { } data)
            return (file, default);
        return data.Number == 9 || data.Number == field ? (file, data.Bytes) : throw new InvalidDataException(
            $"{file.Path}: the tensor '{tensor.Name}' has its elements in field {data.Number}, not as raw_data; save the model again with ONNX's own library.");
    }

    private static (MappedFile File, Extent Bytes) External(MappedFile file, OnnxTensor tensor, Dictionary<string, MappedFile> others)
    {
        string name = LocationOf(file, tensor);
        if (!others.TryGetValue(name, out MappedFile? other))
            others.Add(name, other = new MappedFile(Path.Combine(Path.GetDirectoryName(file.Path)!, name)));
        long offset = Number("offset") ?? 0;
        return (other, new Extent(offset, Number("length") ?? other.Length - offset));

        long? Number(string key) => !tensor.External.TryGetValue(key, out string? text) ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
            : throw new InvalidDataException($"{file.Path}: the {key} of the tensor '{tensor.Name}' in {name}, '{text}', is no whole number; the file is damaged.");
    }

    private static string LocationOf(MappedFile file, OnnxTensor tensor)
    {
        string? name = tensor.External.GetValueOrDefault("location");
        if (name is null || !ModelFolder.IsPlainName(name))
        {
            throw new InvalidDataException($"{file.Path}: the place of the tensor '{tensor.Name}', '{name}', is not the name of a file of the same "
                + "folder. Do not use this model, or save it again with its data beside it.");
        }
        return name;
    }
}
