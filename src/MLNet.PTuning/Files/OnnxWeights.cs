// Gives the tensors of an ONNX graph the names that they have in PyTorch.
namespace MLNet.PTuning.Files;

/// <summary>A tensor of the file, as it is or transposed.</summary>
internal readonly record struct OnnxView(OnnxTensor Tensor, bool Transposed);

/// <summary>
/// Exporters keep the names of the tensors that the graph uses as they are. The matrix of a linear layer, x Wᵀ + b, they transpose into a
/// constant with a name that says nothing; the bias that is added to the product still says whose it is: <c>X.bias</c> belongs to
/// <c>X.weight</c>.
/// </summary>
internal sealed class OnnxWeights
{
    // Exporters put a node or two between a tensor and the node that uses it.
    private const int LongestChain = 8;

    private readonly OnnxGraph _graph;
    private readonly Dictionary<string, OnnxNode> _producers = [];
    private readonly Dictionary<string, OnnxView> _named = [];
    private readonly Dictionary<string, (OnnxNode Node, OnnxView View)> _matrices = [];
    private readonly List<(string Name, OnnxView First, OnnxView Second, string Nodes)> _duplicates = [];

    public OnnxWeights(OnnxGraph graph)
    {
        _graph = graph;
        foreach (OnnxNode node in graph.Nodes)
        {
            foreach (string output in node.Outputs)
                _producers[output] = node;
        }
        foreach ((string name, OnnxTensor tensor) in graph.Tensors)
            _named.Add(name, new OnnxView(tensor, false));
        // Of equal tensors PyTorch's exporter keeps one; the others' names become outputs of Identity.
        foreach (OnnxNode node in graph.Nodes.Where(node => node is { Operator: "Identity", Domain: "", Outputs.Count: 1 }))
        {
            if (ViewOf(node.Outputs[0]) is { } view)
                _named.TryAdd(node.Outputs[0], view);
        }
        foreach (OnnxNode node in graph.Nodes)
            NameMatrix(node);
        foreach ((string name, (_, OnnxView view)) in _matrices)
            _named[name] = view;
    }

    /// <summary>The tensors by their names in the graph, and the matrices of linear layers by their names in PyTorch.</summary>
    public IReadOnlyDictionary<string, OnnxView> Named => _named;

    /// <summary>Matrices for which the graph gives a name a second time; they must be equal.</summary>
    public IReadOnlyList<(string Name, OnnxView First, OnnxView Second, string Nodes)> Duplicates => _duplicates;

    /// <summary>Nodes that multiply by a matrix of the file that has got no name, each with the matrix.</summary>
    public IReadOnlyList<string> Unnamed
    {
        get
        {
            HashSet<OnnxTensor> known = [.. _matrices.Values.Select(matrix => matrix.View.Tensor)];
            return [.. from node in _graph.Nodes
                       where node is { Operator: "MatMul" or "Gemm", Domain: "", Inputs.Count: > 1 }
                       let view = ViewOf(node.Inputs[1])
                       where view is { Tensor.Shape.Length: 2 } && !known.Contains(view.Value.Tensor)
                       select $"'{view.Value.Tensor.Name}' of {node}"];
        }
    }

    // A linear layer is MatMul and Add, or one Gemm.
    private void NameMatrix(OnnxNode node)
    {
        if (node is { Operator: "Add", Domain: "", Inputs: [string first, string second] })
        {
            if (!NameProduct(first, second))
                NameProduct(second, first);
        }
        else if (node is { Operator: "Gemm", Domain: "", Inputs: [_, string matrix, string bias] } && IsPlain(node))
        {
            Name(node, matrix, bias, transposed: node.Attributes.GetValueOrDefault("transB") is null or { Integer: 0 });
        }
    }

    private bool NameProduct(string product, string bias) =>
        _producers.TryGetValue(product, out OnnxNode? node) && node is { Operator: "MatMul", Domain: "", Inputs: [_, string matrix] }
        && Name(node, matrix, bias, transposed: true);

    private bool Name(OnnxNode node, string matrix, string bias, bool transposed)
    {
        if (ViewOf(matrix) is not { Tensor.Shape.Length: 2 } view || ViewOf(bias) is not { Tensor.Shape.Length: 1 } vector)
            return false;
        string layer = bias.EndsWith(".bias", StringComparison.Ordinal) ? bias : vector.Tensor.Name;
        if (!layer.EndsWith(".bias", StringComparison.Ordinal))
            return false;
        string name = layer[..^"bias".Length] + "weight";
        view = view with { Transposed = view.Transposed != transposed };
        if (!_matrices.TryAdd(name, (node, view)) && _matrices[name] is var (before, first) && first != view)
            _duplicates.Add((name, first, view, $"{before} and {node}"));
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
