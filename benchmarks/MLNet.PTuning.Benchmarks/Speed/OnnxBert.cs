// Writes a BERT folder's encoder as an ONNX model, node by node as PyTorch exports it, so that ONNX Runtime can compute a shape that has no published file.
using System.Runtime.InteropServices;
using Google.Protobuf;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>Messages and fields have the numbers of onnx.proto3; opset 17.</summary>
internal sealed class OnnxBert
{
    private const int Opset = 17, Float = 1, Int64 = 7;
    private readonly List<byte[]> _nodes = [], _tensors = [];
    private readonly BertShape _shape;
    private int _values;

    private OnnxBert(BertShape shape) => _shape = shape;

    /// <summary>Writes model.onnx beside the folder's model.safetensors.</summary>
    public static void Write(string folder, BertShape shape)
    {
        var model = new OnnxBert(shape);
        using (var weights = new ModelFolder(folder).OpenWeights()) model.Build(weights);
        byte[] graph = Message(g =>
        {
            foreach (byte[] node in model._nodes) Bytes(g, 1, node);
            Text(g, 2, "bert");
            foreach (byte[] tensor in model._tensors) Bytes(g, 5, tensor);
            foreach (string input in new[] { "input_ids", "attention_mask", "token_type_ids" }) Bytes(g, 11, model.ValueInfo(input, Int64));
            Bytes(g, 12, model.ValueInfo("last_hidden_state", Float));
        });
        using var file = File.Create(Path.Combine(folder, "model.onnx"));
        using var output = new CodedOutputStream(file);
        Number(output, 1, 8);
        Bytes(output, 7, graph);
        Bytes(output, 8, Message(o => Number(o, 2, Opset)));
    }

    private void Build(WeightFile weights)
    {
        foreach (var (name, entry) in weights.Entries)
        {
            var values = new float[entry.Count];
            weights.Read(name, values);
            // Linear layers are products with the transpose.
            bool isLinear = entry.Shape.Length == 2 && !name.Contains("embeddings");
            if (isLinear) values = Transposed(values, (int)entry.Shape[0], (int)entry.Shape[1]);
            Tensor(name["bert.".Length..], Float, isLinear ? [entry.Shape[1], entry.Shape[0]] : entry.Shape, MemoryMarshal.AsBytes<float>(values));
        }
        string length = Node("Gather", [Node("Shape", ["input_ids"]), Constant("one", 1)], Attribute("axis", 0));
        string positions = Node("Slice", ["embeddings.position_embeddings.weight", Constant("zero", 0), length, "zero"]);
        string x = Node("Add", [Node("Gather", ["embeddings.word_embeddings.weight", "input_ids"]), Node("Gather", ["embeddings.token_type_embeddings.weight", "token_type_ids"])]);
        x = Norm(Node("Add", [x, positions]), "embeddings.LayerNorm");
        string real = Node("Unsqueeze", [Node("Cast", ["attention_mask"], Attribute("to", Float)), Constant("mask axes", 1, 2)]);
        string mask = Node("Mul", [Node("Sub", [Constant("unit", 1f), real]), Constant("masked", -10000f)]);
        int size = _shape.Hidden / _shape.Heads;
        Constant("heads", 0, 0, _shape.Heads, size);
        Constant("joined", 0, 0, _shape.Hidden);
        Constant("root of head size", MathF.Sqrt(size));
        Constant("root of two", MathF.Sqrt(2));
        Constant("half", 0.5f);
        for (int l = 0; l < _shape.Layers; l++) x = Layer(x, mask, $"encoder.layer.{l}.", isLast: l == _shape.Layers - 1);
    }

    private string Layer(string x, string mask, string name, bool isLast)
    {
        string query = Heads("query", 0, 2, 1, 3), key = Heads("key", 0, 2, 3, 1), value = Heads("value", 0, 2, 1, 3);
        string scores = Node("Add", [Node("Div", [Node("MatMul", [query, key]), "root of head size"]), mask]);
        string mixed = Node("MatMul", [Node("Softmax", [scores], Attribute("axis", -1)), value]);
        string context = Node("Reshape", [Node("Transpose", [mixed], Attribute("perm", [0, 2, 1, 3])), "joined"]);
        string attended = Norm(Node("Add", [Linear(context, name + "attention.output.dense"), x]), name + "attention.output.LayerNorm");
        string widened = Linear(attended, name + "intermediate.dense");
        string twice = Node("Add", [Node("Erf", [Node("Div", [widened, "root of two"])]), "unit"]);
        string active = Node("Mul", [Node("Mul", [widened, twice]), "half"]);
        return Norm(Node("Add", [Linear(active, name + "output.dense"), attended]), name + "output.LayerNorm", isLast ? "last_hidden_state" : null);

        string Heads(string which, params long[] order) =>
            Node("Transpose", [Node("Reshape", [Linear(x, $"{name}attention.self.{which}"), "heads"])], Attribute("perm", order));
    }

    private string Linear(string x, string name) => Node("Add", [Node("MatMul", [x, name + ".weight"]), name + ".bias"]);

    private string Norm(string x, string name, string? result = null) =>
        Node("LayerNormalization", [x, name + ".weight", name + ".bias"], result, Attribute("axis", -1), Message(a =>
        {
            Text(a, 1, "epsilon");
            a.WriteTag(2, WireFormat.WireType.Fixed32);
            a.WriteFloat(1e-12f);
            Number(a, 20, 1);
        }));

    private string Node(string type, string[] inputs, params byte[][] attributes) => Node(type, inputs, null, attributes);

    private string Node(string type, string[] inputs, string? result, params byte[][] attributes)
    {
        result ??= $"value {_values++}";
        _nodes.Add(Message(n =>
        {
            foreach (string input in inputs) Text(n, 1, input);
            Text(n, 2, result);
            Text(n, 4, type);
            foreach (byte[] attribute in attributes) Bytes(n, 5, attribute);
        }));
        return result;
    }

    private string Constant(string name, params long[] values) =>
        Tensor(name, Int64, [values.Length], MemoryMarshal.AsBytes<long>(values));

    private string Constant(string name, float value) => Tensor(name, Float, [], BitConverter.GetBytes(value));

    private string Tensor(string name, int type, long[] shape, ReadOnlySpan<byte> data)
    {
        byte[] copy = data.ToArray();
        _tensors.Add(Message(t =>
        {
            foreach (long size in shape) Number(t, 1, size);
            Number(t, 2, type);
            Text(t, 8, name);
            Bytes(t, 9, copy);
        }));
        return name;
    }

    private static byte[] Attribute(string name, long value) => Message(a =>
    {
        Text(a, 1, name);
        Number(a, 3, value);
        Number(a, 20, 2);
    });

    private static byte[] Attribute(string name, long[] values) => Message(a =>
    {
        Text(a, 1, name);
        foreach (long value in values) Number(a, 8, value);
        Number(a, 20, 7);
    });

    // A tensor of two dynamic dimensions, or three with hidden states.
    private byte[] ValueInfo(string name, int type) => Message(v =>
    {
        Text(v, 1, name);
        Bytes(v, 2, Message(t => Bytes(t, 1, Message(tensor =>
        {
            Number(tensor, 1, type);
            Bytes(tensor, 2, Message(shape =>
            {
                Bytes(shape, 1, Message(d => Text(d, 2, "rows")));
                Bytes(shape, 1, Message(d => Text(d, 2, "pieces")));
                if (type == Float) Bytes(shape, 1, Message(d => Number(d, 1, _shape.Hidden)));
            }));
        }))));
    });

    private static float[] Transposed(float[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c];
        return result;
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new CodedOutputStream(stream, leaveOpen: true)) write(writer);
        return stream.ToArray();
    }

    private static void Number(CodedOutputStream to, int field, long value)
    {
        to.WriteTag(field, WireFormat.WireType.Varint);
        to.WriteInt64(value);
    }

    private static void Text(CodedOutputStream to, int field, string value)
    {
        to.WriteTag(field, WireFormat.WireType.LengthDelimited);
        to.WriteString(value);
    }

    private static void Bytes(CodedOutputStream to, int field, byte[] value)
    {
        to.WriteTag(field, WireFormat.WireType.LengthDelimited);
        to.WriteBytes(ByteString.CopyFrom(value));
    }
}
