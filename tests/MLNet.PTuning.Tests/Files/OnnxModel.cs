// Writes small ONNX models as exporters do, and as they should not, for tests.
using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

/// <summary>How the graph holds a linear layer's matrix [out, in].</summary>
public enum LinearForm
{
    /// <summary>MatMul with a transposed constant without a telling name, then Add with the bias second.</summary>
    Anonymous,
    /// <summary>The same with the bias first.</summary>
    BiasFirst,
    /// <summary>Gemm with the matrix as it is.</summary>
    Gemm,
    /// <summary>Gemm with a transposed constant without a telling name.</summary>
    GemmTransposed,
    /// <summary>MatMul with what Transpose makes of the matrix.</summary>
    TransposeNode,
    /// <summary>As <see cref="Anonymous"/>, the constant in a Constant node followed by an Identity; the bias too.</summary>
    ConstantNode,
}

/// <summary>How a tensor's elements are written.</summary>
public enum ElementForm { Raw, Typed, External }

/// <summary>A ModelProto in the making.</summary>
internal sealed class OnnxModel
{
    public const int Float = 1, Int8 = 3, Int64 = 7, Half = 10, Double = 11, BFloat16 = 16;

    private readonly List<byte[]> _nodes = [], _initializers = [];
    private readonly MemoryStream _external = new();

    /// <summary>The name of the file beside the model that <see cref="Save"/> writes for external tensors.</summary>
    public string ExternalName { get; init; } = "model.onnx_data";

    /// <summary>The form in which <see cref="Tensor"/> writes elements.</summary>
    public ElementForm Elements { get; init; }

    public OnnxModel Node(string type, string[] inputs, string[] outputs, string domain = "", params byte[][] attributes)
    {
        _nodes.Add(Message(writer =>
        {
            foreach (string input in inputs) Text(writer, 1, input);
            foreach (string output in outputs) Text(writer, 2, output);
            Text(writer, 3, $"/{type}_{_nodes.Count}");
            Text(writer, 4, type);
            foreach (byte[] attribute in attributes) Bytes(writer, 5, attribute);
            if (domain.Length > 0) Text(writer, 7, domain);
        }));
        return this;
    }

    /// <summary>A linear layer whose tensors are called <c>layer.weight</c> and <c>layer.bias</c> in PyTorch.</summary>
    public OnnxModel Linear(LinearForm form, string layer, TensorData weight, TensorData bias)
    {
        string anonymous = $"onnx::MatMul_{_initializers.Count + _nodes.Count}", product = $"{anonymous}_product", sum = $"{anonymous}_sum";
        if (form is LinearForm.Gemm or LinearForm.TransposeNode) Initializer(Tensor(layer + ".weight", weight));
        else if (form != LinearForm.ConstantNode) Initializer(Tensor(anonymous, Transposed(weight)));
        string biasName = layer + ".bias";
        if (form != LinearForm.ConstantNode) Initializer(Tensor(biasName, bias));
        switch (form)
        {
            case LinearForm.Gemm: return Node("Gemm", ["x", layer + ".weight", biasName], [sum], "", Integer("transB", 1), Single("alpha", 1), Single("beta", 1));
            case LinearForm.GemmTransposed: return Node("Gemm", ["x", anonymous, biasName], [sum]);
            case LinearForm.TransposeNode:
                Node("Transpose", [layer + ".weight"], [anonymous], "", Integers("perm", 1, 0));
                break;
            case LinearForm.ConstantNode:
                Node("Constant", [], [anonymous + "_value"], "", Attribute("value", writer => Bytes(writer, 5, Tensor("value", Transposed(weight)))));
                Node("Identity", [anonymous + "_value"], [anonymous]);
                Node("Constant", [], [biasName + "_value"], "", Attribute("value", writer => Bytes(writer, 5, Tensor("", bias))));
                Node("Identity", [biasName + "_value"], [biasName]);
                break;
        }
        return Node("MatMul", ["x", anonymous], [product]).Node("Add", form == LinearForm.BiasFirst ? [biasName, product] : [product, biasName], [sum]);
    }

    public OnnxModel Initializer(byte[] tensor)
    {
        _initializers.Add(tensor);
        return this;
    }

    /// <summary>A TensorProto in the model's form of elements.</summary>
    public byte[] Tensor(string name, TensorData tensor)
    {
        int type = tensor.Type switch { ElementType.F32 => Float, ElementType.F16 => Half, ElementType.F64 => Double, _ => BFloat16 };
        byte[] bytes = tensor.Bytes.ToArray();
        if (Elements == ElementForm.External)
        {
            // As exporters do, each tensor begins on a boundary.
            _external.SetLength((_external.Length + 63) / 64 * 64);
            long offset = _external.Length;
            _external.Position = offset;
            _external.Write(bytes);
            return TensorProto(name, type, tensor.Shape, writer => External(writer, ("location", ExternalName),
                ("offset", offset.ToString(CultureInfo.InvariantCulture)), ("length", bytes.Length.ToString(CultureInfo.InvariantCulture))));
        }
        if (Elements == ElementForm.Raw) return TensorProto(name, type, tensor.Shape, writer => Bytes(writer, 9, bytes));
        if (type is Float or Double) return TensorProto(name, type, tensor.Shape, writer => Bytes(writer, type == Float ? 4 : 10, bytes));
        return TensorProto(name, type, tensor.Shape, writer => Bytes(writer, 5, Message(packed =>
        {
            foreach (ushort bits in MemoryMarshal.Cast<byte, ushort>(bytes)) packed.WriteInt32(bits);
        })));
    }

    /// <summary>A TensorProto of any contents.</summary>
    public static byte[] TensorProto(string name, int type, long[] shape, Action<CodedOutputStream> elements) => Message(writer =>
    {
        foreach (long size in shape) Number(writer, 1, size);
        Number(writer, 2, type);
        Text(writer, 8, name);
        elements(writer);
    });

    /// <summary>The fields of a TensorProto whose elements lie in another file.</summary>
    public static void External(CodedOutputStream writer, params (string Key, string Value)[] location)
    {
        foreach (var (key, value) in location)
            Bytes(writer, 13, Message(entry =>
            {
                Text(entry, 1, key);
                Text(entry, 2, value);
            }));
        Number(writer, 14, 1);
    }

    public static byte[] Integer(string name, long value) => Attribute(name, writer => Number(writer, 3, value));

    public static byte[] Integers(string name, params long[] values) => Attribute(name, writer =>
    {
        foreach (long value in values) Number(writer, 8, value);
    });

    public static byte[] Single(string name, float value) => Attribute(name, writer =>
    {
        writer.WriteTag(2, WireFormat.WireType.Fixed32);
        writer.WriteFloat(value);
    });

    public byte[] ToBytes() => Message(model =>
    {
        Number(model, 1, 8);
        Text(model, 2, "tests");
        Bytes(model, 7, Message(graph =>
        {
            foreach (byte[] node in _nodes) Bytes(graph, 1, node);
            Text(graph, 2, "main_graph");
            foreach (byte[] tensor in _initializers) Bytes(graph, 5, tensor);
            Bytes(graph, 11, Message(input => Text(input, 1, "x")));
        }));
        Bytes(model, 8, Message(opset => Number(opset, 2, 17)));
    });

    /// <summary>Writes the model, and the file of its external tensors beside it.</summary>
    public string Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, ToBytes());
        if (Elements == ElementForm.External) File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(path)!, ExternalName), _external.ToArray());
        return path;
    }

    /// <summary>A model as an exporter makes it of a checkpoint: matrices that have a bias become linear layers of the graph, all else keeps its name.</summary>
    public static OnnxModel Of(IEnumerable<TensorData> checkpoint, LinearForm form = LinearForm.Anonymous, ElementForm elements = ElementForm.Raw)
    {
        var model = new OnnxModel { Elements = elements };
        var tensors = checkpoint.ToDictionary(tensor => tensor.Name);
        var left = new Dictionary<string, TensorData>(tensors);
        foreach (var (name, weight) in tensors)
        {
            string layer = name.EndsWith(".weight") ? name[..^".weight".Length] : name;
            if (weight.Shape.Length != 2 || !tensors.TryGetValue(layer + ".bias", out var bias)) continue;
            model.Linear(form, layer, weight, bias);
            left.Remove(name);
            left.Remove(bias.Name);
        }
        foreach (var (name, tensor) in left) model.Initializer(model.Tensor(name, tensor));
        return model;
    }

    public static TensorData Transposed(TensorData tensor)
    {
        int size = tensor.Type.Size(), rows = (int)tensor.Shape[0], columns = (int)tensor.Shape[1];
        var bytes = new byte[tensor.Bytes.Length];
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
                tensor.Bytes.Slice((row * columns + column) * size, size).CopyTo(bytes.AsSpan((column * rows + row) * size));
        return new TensorData(tensor.Name, tensor.Type, [columns, rows], bytes);
    }

    public static byte[] Attribute(string name, Action<CodedOutputStream> value) => Message(writer =>
    {
        Text(writer, 1, name);
        value(writer);
    });

    public static byte[] Message(Action<CodedOutputStream> write)
    {
        var stream = new MemoryStream();
        var writer = new CodedOutputStream(stream, leaveOpen: true);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    public static void Number(CodedOutputStream writer, int field, long value)
    {
        writer.WriteTag(field, WireFormat.WireType.Varint);
        writer.WriteInt64(value);
    }

    public static void Text(CodedOutputStream writer, int field, string text)
    {
        writer.WriteTag(field, WireFormat.WireType.LengthDelimited);
        writer.WriteString(text);
    }

    public static void Bytes(CodedOutputStream writer, int field, byte[] bytes)
    {
        writer.WriteTag(field, WireFormat.WireType.LengthDelimited);
        writer.WriteBytes(ByteString.CopyFrom(bytes));
    }
}
