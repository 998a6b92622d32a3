// The graph of an ONNX file: its nodes, and where each constant tensor lies.
namespace MLNet.PTuning.Files;

/// <summary>An operation of the graph.</summary>
internal sealed record OnnxNode(string Name, string Operator, string Domain, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs,
    IReadOnlyDictionary<string, OnnxAttribute> Attributes)
{
    /// <summary>The operator and the node's name, for messages; a node without a name goes by its output's.</summary>
    public override string ToString() =>
        $"{(Domain.Length > 0 ? Domain + "." : "")}{Operator} '{(Name.Length > 0 ? Name : Outputs.FirstOrDefault())}'";
}

/// <summary>A setting of an operation: a number, whole numbers or a tensor.</summary>
internal sealed record OnnxAttribute(float Single, long Integer, IReadOnlyList<long> Integers, OnnxTensor? Tensor);

/// <summary>A tensor that the file holds.</summary>
/// <param name="Name">Its name; for a tensor of a Constant node, that of the node's output.</param>
/// <param name="DataType">The number of its element type in ONNX's own list.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Data">The field with its elements; null where another file holds them, or none.</param>
/// <param name="External">What is said of the other file; empty where there is none.</param>
internal sealed record OnnxTensor(
    string Name, int DataType, long[] Shape, ProtobufField? Data, IReadOnlyDictionary<string, string> External);

/// <summary>The nodes and tensors of an ONNX file's main graph.</summary>
internal sealed class OnnxGraph
{
    // Far beyond any transformer: a small file must not fill the memory with what it claims.
    private const int MostNodes = 1 << 17, MostNumbers = 64;

    private readonly ProtobufFile _file;
    private readonly List<OnnxNode> _nodes = [];
    private readonly Dictionary<string, OnnxTensor> _tensors = [];

    private OnnxGraph(MappedFile file) => _file = new ProtobufFile(file);

    public IReadOnlyList<OnnxNode> Nodes => _nodes;

    /// <summary>Initializers and the tensors of Constant nodes, by name.</summary>
    public IReadOnlyDictionary<string, OnnxTensor> Tensors => _tensors;

    /// <exception cref="InvalidDataException">The file is damaged, or no ONNX model.</exception>
    public static OnnxGraph Read(MappedFile file)
    {
        var graph = new OnnxGraph(file);
        bool found = false;
        foreach (ProtobufField field in graph._file.Fields(graph._file.Root).Where(field => field.Number == 7))
        {
            graph.ReadGraph(field);
            found = true;
        }
        return found ? graph : throw graph._file.Damaged("it holds no graph", 0);
    }

    private void ReadGraph(ProtobufField graph)
    {
        foreach (ProtobufField field in _file.Fields(_file.BytesOf(graph)))
        {
            if (field.Number == 1)
                AddNode(ReadNode(field), field);
            else if (field.Number == 5)
                AddTensor(ReadTensor(field), field);
        }

        void AddNode(OnnxNode node, ProtobufField field)
        {
            if (_nodes.Count == MostNodes)
                throw _file.Damaged($"it has more than {MostNodes} nodes", field.Bytes.Offset);
            _nodes.Add(node);
            if (node is { Operator: "Constant", Domain: "", Outputs: [string output] }
                && node.Attributes.GetValueOrDefault("value")?.Tensor is { } tensor)
                AddTensor(tensor with { Name = output }, field);
        }
    }

    private void AddTensor(OnnxTensor tensor, ProtobufField field)
    {
        if (!_tensors.TryAdd(tensor.Name, tensor))
            throw _file.Damaged($"the tensor '{tensor.Name}' is in the graph twice", field.Bytes.Offset);
    }

    private OnnxNode ReadNode(ProtobufField node)
    {
        string name = "", type = "", domain = "";
        var inputs = new List<string>();
        var outputs = new List<string>();
        var attributes = new Dictionary<string, OnnxAttribute>();
        foreach (ProtobufField field in _file.Fields(_file.BytesOf(node)))
        {
            switch (field.Number)
            {
                case 1: inputs.Add(_file.Text(field)); break;
                case 2: outputs.Add(_file.Text(field)); break;
                case 3: name = _file.Text(field); break;
                case 4: type = _file.Text(field); break;
                case 5: ReadAttribute(field, attributes); break;
                case 7: domain = _file.Text(field); break;
            }
        }
        return new OnnxNode(name, type, domain == "ai.onnx" ? "" : domain, inputs, outputs, attributes);
    }

    private void ReadAttribute(ProtobufField attribute, Dictionary<string, OnnxAttribute> attributes)
    {
        string name = "";
        float single = 0;
        long integer = 0;
        var integers = new List<long>();
        OnnxTensor? tensor = null;
        foreach (ProtobufField field in _file.Fields(_file.BytesOf(attribute)))
        {
            switch (field.Number)
            {
                case 1: name = _file.Text(field); break;
                case 2: single = field.Single; break;
                case 3: integer = (long)field.Bits; break;
                case 5: tensor = ReadTensor(field); break;
                case 8: integers.AddRange(_file.Numbers(field).Take(MostNumbers - integers.Count)); break;
            }
        }
        if (!attributes.TryAdd(name, new OnnxAttribute(single, integer, integers, tensor)))
            throw _file.Damaged($"a node has the attribute '{name}' twice", attribute.Bytes.Offset);
    }

    private OnnxTensor ReadTensor(ProtobufField tensor)
    {
        string name = "";
        long type = 0;
        bool external = false;
        var shape = new List<long>();
        var location = new Dictionary<string, string>();
        ProtobufField? data = null;
        foreach (ProtobufField field in _file.Fields(_file.BytesOf(tensor)))
        {
            switch (field.Number)
            {
                case 1:
                    shape.AddRange(_file.Numbers(field).Take(MostNumbers - shape.Count));
                    if (shape.Count == MostNumbers)
                        throw _file.Damaged($"a tensor has {MostNumbers} dimensions or more", field.Bytes.Offset);
                    break;
                case 2: type = (long)field.Bits; break;
                case 8: name = _file.Text(field); break;
                case 4 or 5 or 7 or 9 or 10 or 11:
                    if (data is not null)
                        throw _file.Damaged("a tensor has its elements in several pieces", field.Bytes.Offset);
                    data = field;
                    break;
                case 13: ReadLocation(field, location); break;
                case 14: external = field.Bits == 1; break;
            }
        }
        if (external && location.Count == 0)
            throw _file.Damaged($"the tensor '{name}' lies in another file, which is not named", tensor.Bytes.Offset);
        if (!external)
            location.Clear();
        return new OnnxTensor(name, (int)Math.Clamp(type, 0, int.MaxValue), [.. shape], external ? null : data, location);
    }

    private void ReadLocation(ProtobufField entry, Dictionary<string, string> location)
    {
        string key = "", value = "";
        foreach (ProtobufField field in _file.Fields(_file.BytesOf(entry)))
        {
            if (field.Number == 1)
                key = _file.Text(field);
            else if (field.Number == 2)
                value = _file.Text(field);
        }
        if (!location.TryAdd(key, value))
            throw _file.Damaged($"'{key}' of a tensor's location is given twice", entry.Bytes.Offset);
    }
}
