// A tensor in memory with what a weights file needs to know of it.
using System.Runtime.InteropServices;

namespace MLNet.PTuning.Files;

/// <summary>A tensor with a name, as files hold it.</summary>
internal sealed class TensorData
{
    private readonly ReadOnlyMemory<float> _floats;
    private readonly ReadOnlyMemory<byte> _bytes;

    /// <summary>A tensor of floats in row-major order.</summary>
    public TensorData(string name, long[] shape, ReadOnlyMemory<float> values)
        : this(name, ElementType.F32, shape, values.Length * 4L) => _floats = values;

    /// <summary>A tensor of any type, as its little-endian bytes in row-major order.</summary>
    public TensorData(string name, ElementType type, long[] shape, ReadOnlyMemory<byte> bytes)
        : this(name, type, shape, bytes.Length) => _bytes = bytes;

    private TensorData(string name, ElementType type, long[] shape, long byteLength)
    {
        if (TensorEntry.CountOf(shape) * type.Size() != byteLength)
        {
            throw new ArgumentException(
                $"The tensor '{name}' of shape [{string.Join(", ", shape)}] and type {type} does not take the {byteLength} bytes given.");
        }
        (Name, Type, Shape) = (name, type, shape);
    }

    public string Name { get; }

    public ElementType Type { get; }

    public long[] Shape { get; }

    /// <summary>The elements of a tensor that was made from floats.</summary>
    public ReadOnlyMemory<float> Floats => _bytes.IsEmpty
        ? _floats
        : throw new InvalidOperationException($"The tensor '{Name}' was made from bytes of the type {Type}.");

    public ReadOnlySpan<byte> Bytes => _bytes.IsEmpty ? MemoryMarshal.AsBytes(_floats.Span) : _bytes.Span;
}
