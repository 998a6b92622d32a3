// Gives the tensors of an ONNX graph the names that they had in PyTorch.
// Exporters keep the names of what they leave as it is; the matrix of a linear layer they transpose into a constant of no telling name,
// and the bias that is added to its product still says whose it is.
namespace MLNet.PTuning.Files;

/// <summary>A tensor as a node of the graph sees it.</summary>
internal readonly record struct OnnxView(OnnxTensor Tensor, bool Transposed);

internal sealed class OnnxWeights
{
    // Exporters put a node or two between a tensor and what it is used for; a chain of more is none of theirs.
    private const int LongestChain = 8;

    private readonly OnnxGraph _graph;
    private readonly Dictionary<string, OnnxNode> _producers = [];
    private readonly Dictionary<string, OnnxView> _named = [];

    public OnnxWeights(OnnxGraph graph)
    {
        _graph = graph;
        foreach (OnnxNode node in graph.Nodes)
        {
            foreach (string output in node.Outputs)
                _producers[output] = node;
        }
        foreach ((string name, OnnxTensor tensor) in graph.Tensors)
            _named[name] = new OnnxView(tensor, false);
        // Of equal tensors exporters keep one, and let the others' names stand for it.
        foreach (OnnxNode node in graph.Nodes.Where(node => node is { Operator: "Identity", Domain: "", Outputs.Count: 1 }))
        {
            if (ViewOf(node.Outputs[0]) is { } view)
                _named.TryAdd(node.Outputs[0], view);
        }
        foreach (OnnxNode node in graph.Nodes)
            NameMatrix(node);
    }

    /// <summary>The tensors by the names that PyTorch's modules have for them, and by those of the graph.</summary>
    public IReadOnlyDictionary<string, OnnxView> Named => _named;

    // A linear layer is x Wᵀ + b: MatMul(x, Wᵀ) and Add, or one Gemm.
    private void NameMatrix(OnnxNode node)
    {
        if (node is { Operator: "Add", Domain: "", Inputs: [string first, string second] })
        {
            if (!NameProduct(first, second))
                NameProduct(second, first);
        }
        else if (node is { Operator: "Gemm", Domain: "", Inputs: [_, string matrix, string bias] } && IsPlain(node))
        {
            Name(matrix, bias, transposed: (node.Attributes.GetValueOrDefault("transB")?.Integer ?? 0) == 0);
        }
    }

    private bool NameProduct(string product, string bias) =>
        _producers.TryGetValue(product, out OnnxNode? node) && node is { Operator: "MatMul", Domain: "", Inputs: [_, string matrix] }
        && Name(matrix, bias, transposed: true);

    private bool Name(string matrix, string bias, bool transposed)
    {
        if (ViewOf(matrix) is not { Tensor.Shape.Length: 2 } view || ViewOf(bias) is not { Tensor.Shape.Length: 1 } biasView)
            return false;
        string name = bias.EndsWith(".bias", StringComparison.Ordinal) ? bias : biasView.Tensor.Name;
        if (!name.EndsWith(".bias", StringComparison.Ordinal))
            return false;
        _named[name[..^"bias".Length] + "weight"] = view with { Transposed = view.Transposed != transposed };
        return true;
    }

    private static bool IsPlain(OnnxNode gemm) =>
        gemm.Attributes.GetValueOrDefault("transA") is null or { Integer: 0 }
        && gemm.Attributes.GetValueOrDefault("alpha") is null or { Single: 1 }
        && gemm.Attributes.GetValueOrDefault("beta") is null or { Single: 1 };

    // The tensor behind a value of the graph, where nothing is computed on the way.
    private OnnxView? ViewOf(string value)
    {
        bool transposed = false;
        for (int step = 0; step < LongestChain; step++)
        {
            if (_graph.Tensors.TryGetValue(value, out OnnxTensor? tensor))
                return new OnnxView(tensor, transposed);
            if (!_producers.TryGetValue(value, out OnnxNode? node) || node is not { Domain: "", Inputs.Count: 1 })
                return null;
            if (node.Operator == "Transpose" && node.Attributes.GetValueOrDefault("perm") is null or { Integers: [1, 0] })
                transposed = !transposed;
            else if (node.Operator != "Identity")
                return null;
            value = node.Inputs[0];
        }
        return null;
    }
}
