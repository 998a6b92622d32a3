// The weights of a backbone that is held in 8 bits: rounded as they are read, one tensor after the other, so that only one of them is floats at a time.
using MLNet.PTuning.Backbones.Cpu;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Reads the floats of a name and shape.</summary>
internal delegate void FloatReader(string name, long[] shape, Span<float> to);

/// <summary>Owns the matrices and tables that it makes.</summary>
internal sealed unsafe class Int8Weights(FloatReader read) : IDisposable
{
    // The same memory for every tensor: freed one by one, they would leave holes that the allocator keeps.
    private readonly Scratch _floats = new(), _turned = new();
    private readonly Dictionary<string, torch.Tensor[]> _held = [];

    /// <summary>Names of the tensors that were rounded.</summary>
    public IEnumerable<string> Names => _held.Keys;

    /// <summary>Number of their elements.</summary>
    public long ParameterCount { get; private set; }

    /// <summary>Bytes that they take.</summary>
    public long Bytes => _held.Values.SelectMany(parts => parts).Sum(part => part.numel() * part.element_size());

    /// <summary>The weight of a linear layer: [outputs, inputs].</summary>
    public Int8Matrix Matrix(string name, long outputs, long inputs)
    {
        var matrix = Int8Matrix.Of(Read(name, outputs, inputs), (int)outputs, (int)inputs);
        Hold(name, outputs * inputs, [.. matrix.Tensors]);
        return matrix;
    }

    /// <summary>The weights of linear layers that are stored one beside the other: [inputs, all outputs].</summary>
    public Int8Matrix[] MatricesFromInputs(string name, long inputs, long[] outputs)
    {
        int total = (int)outputs.Sum(), first = 0;
        var stored = Read(name, inputs, total);
        var turned = new Span<float>(_turned.Reserve(inputs * outputs.Max()), checked((int)(inputs * outputs.Max())));
        var matrices = new Int8Matrix[outputs.Length];
        for (int part = 0; part < matrices.Length; first += (int)outputs[part++])
        {
            for (int o = 0; o < outputs[part]; o++)
                for (int i = 0; i < inputs; i++) turned[o * (int)inputs + i] = stored[i * total + first + o];
            matrices[part] = Int8Matrix.Of(turned, (int)outputs[part], (int)inputs);
        }
        Hold(name, inputs * total, [.. matrices.SelectMany(matrix => matrix.Tensors)]);
        return matrices;
    }

    /// <summary>An embedding table: [rows, width].</summary>
    public EmbeddingTable Table(string name, long rows, long width)
    {
        var table = EmbeddingTable.Int8Of(Read(name, rows, width), (int)rows, (int)width);
        Hold(name, rows * width, table.Values, table.Scales!);
        return table;
    }

    /// <summary>Frees what is needed for reading alone.</summary>
    public void EndReading()
    {
        _floats.Dispose();
        _turned.Dispose();
    }

    public void Dispose()
    {
        EndReading();
        foreach (var held in _held.Values.SelectMany(parts => parts)) held.Dispose();
    }

    private ReadOnlySpan<float> Read(string name, long rows, long columns)
    {
        var floats = new Span<float>(_floats.Reserve(rows * columns), checked((int)(rows * columns)));
        read(name, [rows, columns], floats);
        return floats;
    }

    private void Hold(string name, long elements, params torch.Tensor[] parts)
    {
        _held[name] = parts;
        ParameterCount += elements;
    }
}
