// Reads the weights of an ONNX model as PyTorch's exporters write it, with the files beside it that hold a part of them.
using System.Globalization;

namespace MLNet.PTuning.Files;

internal static class OnnxFile
{
    private const int RawData = 9, Int32Data = 5;
    private const string Remedy = "Export the model from PyTorch without optimization or quantization (optimum-cli export onnx), or use its safetensors.";

    /// <summary>Whether a path is that of an ONNX model.</summary>
    public static bool IsOnnx(string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Names of the files beside a model that hold tensors of it, sorted.</summary>
    /// <exception cref="InvalidDataException">The model is damaged, or names a file outside its folder.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    public static IReadOnlyList<string> ExternalFiles(string path)
    {
        using var file = new MappedFile(path);
        return [.. OnnxGraph.Read(file).Tensors.Values.Where(tensor => tensor.External.Count > 0)
            .Select(tensor => Path.GetFileName(ExternalPath(file, tensor))).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The tensors of a model by their names in PyTorch.</summary>
    /// <param name="file">The model; it belongs to what comes back.</param>
    /// <exception cref="InvalidDataException">The model is damaged.</exception>
    /// <exception cref="NotSupportedException">It is quantized, or optimized so that weights are joined.</exception>
    public static WeightFile Open(MappedFile file)
    {
        var others = new Dictionary<string, MappedFile>();
        try
        {
            OnnxGraph graph = OnnxGraph.Read(file);
            CheckNodes(file, graph);
            var weights = new OnnxWeights(graph);
            var entries = new Dictionary<string, TensorEntry>();
            foreach ((string name, OnnxView view) in weights.Named)
            {
                if (Entry(file, name, view, others) is { } entry)
                    entries.Add(name, entry);
            }
            CheckDoubles(file, weights, others);
            return new WeightFile(file.Path, [file, .. others.Values], entries) { Hint = HintOf(weights.Unnamed) };
        }
        catch
        {
            foreach (MappedFile other in others.Values)
                other.Dispose();
            throw;
        }
    }

    private static void CheckNodes(MappedFile file, OnnxGraph graph)
    {
        if (graph.Nodes.FirstOrDefault(node => IsQuantized(node.Operator)) is { } quantized)
            throw Quantized($"the node {quantized}");
        if (graph.Tensors.Values.FirstOrDefault(tensor => tensor.Shape.Length > 1 && IsNarrow(tensor.DataType)) is { } narrow)
            throw Quantized($"the tensor '{narrow.Name}' of ONNX's data type {narrow.DataType}");
        if (graph.Nodes.FirstOrDefault(node => node.Domain.StartsWith("com.microsoft", StringComparison.Ordinal)) is { } fused)
            throw new NotSupportedException($"{file.Path} was optimized for ONNX Runtime, which joins weights: it has the node {fused}. {Remedy}");

        NotSupportedException Quantized(string what) => new($"{file.Path} is quantized: it has {what}. {Remedy}");
    }

    // DynamicQuantizeLinear, DequantizeLinear, MatMulInteger, QLinearMatMul, QAttention, MatMulNBits …
    private static bool IsQuantized(string name) =>
        name.Contains("Quantize", StringComparison.OrdinalIgnoreCase) || name.Contains("Integer", StringComparison.Ordinal)
        || name.StartsWith("MatMulNBits", StringComparison.Ordinal) || (name is ['Q', char second, ..] && char.IsAsciiLetterUpper(second));

    // Whole numbers and floats of 8 bits or fewer.
    private static bool IsNarrow(int dataType) => dataType is 2 or 3 or (>= 17 and <= 23);

    private static string HintOf(IReadOnlyList<string> unnamed) => unnamed.Count == 0 ? "" :
        $" Matrices of the graph without a name in PyTorch, since no bias of a name 'X.bias' is added to their products: {unnamed.Count}, such as "
        + $"{unnamed[0]}. {Remedy}";

    private static void CheckDoubles(MappedFile file, OnnxWeights weights, Dictionary<string, MappedFile> others)
    {
        foreach ((string name, OnnxView first, OnnxView second, string nodes) in weights.Doubles)
        {
            if (Entry(file, name, first, others) is not { } one || Entry(file, name, second, others) is not { } two || !WeightFile.AreEqual(one, two))
            {
                throw new InvalidDataException(
                    $"{file.Path}: {nodes} add one bias to products with two matrices, so that both were to be '{name}'. {Remedy}");
            }
        }
    }

    // Whole numbers are shapes and indices; no weight is among them.
    private static TensorEntry? Entry(MappedFile file, string name, OnnxView view, Dictionary<string, MappedFile> others)
    {
        OnnxTensor tensor = view.Tensor;
        ElementType? type = tensor.DataType switch { 1 => ElementType.F32, 10 => ElementType.F16, 11 => ElementType.F64, 16 => ElementType.BF16, _ => null };
        if (type is null)
            return null;
        (MappedFile holder, Extent bytes) = tensor.External.Count > 0 ? ExternalPlace(file, tensor, others) : (file, tensor.Data?.Bytes ?? default);
        bool varints = tensor.Data?.Number == Int32Data && type.Value.Size() == 2;
        if (!varints && tensor.Data is { } data && data.Number != RawData && data.Number != (type == ElementType.F32 ? 4 : type == ElementType.F64 ? 10 : 0))
            throw Damaged($"of type {type} has its elements in the field {data.Number}, which is for another type");
        var entry = new TensorEntry(name, type.Value, view.Transposed ? [tensor.Shape[1], tensor.Shape[0]] : tensor.Shape, holder, bytes.Offset,
            view.Transposed ? [1, tensor.Shape[1]] : null, varints ? bytes.Length : null);
        // A varint has a byte at least; that there are as many as elements is seen when they are read.
        return (varints ? entry.Count <= bytes.Length : entry.ByteLength == bytes.Length) ? entry : throw Damaged(
            $"of shape [{string.Join(", ", tensor.Shape)}] and type {type} needs {(varints ? entry.Count : entry.ByteLength)} bytes but has {bytes.Length}");

        InvalidDataException Damaged(string what) =>
            new($"{file.Path} is not a usable ONNX file: the tensor '{tensor.Name}' {what}. Download or copy it again.");
    }

    private static (MappedFile File, Extent Bytes) ExternalPlace(MappedFile file, OnnxTensor tensor, Dictionary<string, MappedFile> others)
    {
        string path = ExternalPath(file, tensor);
        if (!others.TryGetValue(path, out MappedFile? other))
            others.Add(path, other = new MappedFile(path));
        long offset = Number("offset") ?? 0, length = Number("length") ?? Math.Max(0, other.Length - offset);
        return offset <= other.Length - length ? (other, new Extent(offset, length)) : throw new InvalidDataException(
            $"{file.Path}: the tensor '{tensor.Name}' lies in bytes {offset} to {offset + length} of {path}, which has {other.Length}; download both again.");

        long? Number(string key) => !tensor.External.TryGetValue(key, out string? text) ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
            : throw new InvalidDataException($"{file.Path}: the {key} of the tensor '{tensor.Name}' in {path}, '{text}', is no whole number; download it again.");
    }

    // A file of the model's folder, or of the folder that the model itself is a link into, as Hugging Face's cache has it.
    private static string ExternalPath(MappedFile file, OnnxTensor tensor)
    {
        string? name = tensor.External.GetValueOrDefault("location");
        string folder = Path.GetDirectoryName(Path.GetFullPath(file.Path))!;
        if (name is null || !ModelFolder.IsPlainName(name))
            throw Outside($"'{name}' is not the name of a file of the model's folder");
        var data = new FileInfo(Path.Combine(folder, name));
        if (!data.Exists)
        {
            throw new FileNotFoundException(
                $"{file.Path} keeps tensors in {name}, which is not beside it; download it there.", data.FullName);
        }
        string? target = Path.GetDirectoryName(data.ResolveLinkTarget(returnFinalTarget: true)?.FullName);
        if (target is not null && target != folder && target != Path.GetDirectoryName(File.ResolveLinkTarget(file.Path, returnFinalTarget: true)?.FullName))
            throw Outside($"'{name}' is a link out of the model's folder");
        return data.FullName;

        InvalidDataException Outside(string what) => new($"{file.Path}: the tensor '{tensor.Name}' lies elsewhere: {what}. "
            + "Do not use this model, or save it again with its data beside it.");
    }
}
