// The weights of a backbone that is held in 8 bits: rounded as they are read, one tensor after the other, so that only one of them is floats at a time.
using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Owns the matrices and tables that it makes.</summary>
/// <param name="read">Reads the floats of a name and shape.</param>
internal sealed class Int8Weights(Func<string, long[], torch.Tensor> read) : IDisposable
{
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
        using var floats = read(name, [outputs, inputs]);
        var matrix = Int8Matrix.Of(MemoryMarshal.Cast<byte, float>(floats.bytes), (int)outputs, (int)inputs);
        Hold(name, outputs * inputs, [.. matrix.Tensors]);
        return matrix;
    }

    /// <summary>An embedding table: [rows, width].</summary>
    public EmbeddingTable Table(string name, long rows, long width)
    {
        using var floats = read(name, [rows, width]);
        var table = EmbeddingTable.Int8Of(MemoryMarshal.Cast<byte, float>(floats.bytes), (int)rows, (int)width);
        Hold(name, rows * width, table.Values, table.Scales!);
        return table;
    }

    public void Dispose()
    {
        foreach (var held in _held.Values.SelectMany(parts => parts)) held.Dispose();
    }

    private void Hold(string name, long elements, params torch.Tensor[] parts)
    {
        _held[name] = parts;
        ParameterCount += elements;
    }
}
