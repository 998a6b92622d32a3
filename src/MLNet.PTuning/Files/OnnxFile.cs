// Reads the weights of an ONNX model as PyTorch's exporters write it.
namespace MLNet.PTuning.Files;

internal static class OnnxFile
{
    private const string Remedy =
        "Export the model from PyTorch without optimization or quantization (optimum-cli export onnx), or use its safetensors.";

    /// <summary>Whether a path is that of an ONNX model.</summary>
    public static bool IsOnnx(string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Names of the files beside a model that hold tensors of it, sorted.</summary>
    /// <exception cref="InvalidDataException">The model is damaged, or names a file outside its folder.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    public static IReadOnlyList<string> ExternalFiles(string path)
    {
        using var file = new MappedFile(path);
        return [.. OnnxGraph.Read(file).Tensors.Values.Where(tensor => tensor.External.Count > 0)
            .Select(tensor => Path.GetFileName(OnnxData.ExternalPath(file, tensor))).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The tensors of a model by their names in PyTorch.</summary>
    /// <param name="file">The model; it belongs to what comes back.</param>
    /// <exception cref="InvalidDataException">The model is damaged.</exception>
    /// <exception cref="NotSupportedException">It is quantized, or optimized so that weights are joined.</exception>
    public static WeightFile Open(MappedFile file)
    {
        OnnxGraph graph = OnnxGraph.Read(file);
        CheckNodes(file, graph);
        var weights = new OnnxWeights(graph);
        var data = new OnnxData(file);
        try
        {
            var entries = new Dictionary<string, TensorEntry>();
            foreach ((string name, OnnxView view) in weights.Named)
            {
                if (data.Entry(name, view) is { } entry)
                    entries.Add(name, entry);
            }
            CheckDuplicates(file, weights, data);
            return new WeightFile(file.Path, [file, data], entries) { Hint = HintOf(weights.Unnamed) };
        }
        catch
        {
            data.Dispose();
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

    private static void CheckDuplicates(MappedFile file, OnnxWeights weights, OnnxData data)
    {
        foreach ((string name, OnnxView first, OnnxView second, string nodes) in weights.Duplicates)
        {
            if (data.Entry(name, first) is not { } one || data.Entry(name, second) is not { } two || !WeightFile.AreEqual(one, two))
            {
                throw new InvalidDataException(
                    $"{file.Path}: one bias is added to the products of {nodes}, whose matrices differ, so both would be '{name}'. {Remedy}");
            }
        }
    }

    private static string HintOf(IReadOnlyList<string> unnamed) => unnamed.Count == 0 ? "" :
        " Matrices of the graph that got no name, since no bias with a name such as 'X.bias' is added to their products: "
        + $"{unnamed.Count}, the first is {unnamed[0]}. {Remedy}";
}
