// A tensor's elements in row-major order, whatever their layout in memory.
using System.Collections;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TorchSharp.Utils;

/// <summary>Reads and writes the elements of a tensor on the CPU in place.</summary>
public sealed class TensorAccessor<T> : IDisposable, IEnumerable<T>
    where T : struct
{
    private readonly Tensor _tensor;
    private readonly nint _first;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly bool _contiguous;

    internal TensorAccessor(Tensor tensor)
    {
        _tensor = tensor;
        _first = tensor.Pointer();
        _shape = tensor.shape;
        _strides = tensor.stride();
        _contiguous = tensor.is_contiguous();
        Count = tensor.NumberOfElements;
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    public T this[params long[] indices]
    {
        get => At(Offset(indices));
        set => At(Offset(indices)) = value;
    }

    public T[] ToArray()
    {
        var array = new T[Count];
        CopyTo(array);
        return array;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0)
    {
        if (_contiguous)
        {
            Elements((int)tensorIndex).CopyTo(array.AsSpan(arrayIndex));
            return;
        }
        foreach (long offset in Offsets().Skip((int)tensorIndex))
            array[arrayIndex++] = At(offset);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0)
    {
        if (_contiguous)
        {
            int count = (int)Math.Min(array.Length - arrayIndex, Count - tensorIndex);
            array.AsSpan(arrayIndex, count).CopyTo(Elements((int)tensorIndex));
            return;
        }
        foreach (long offset in Offsets().Skip((int)tensorIndex).Take(array.Length - arrayIndex))
            At(offset) = array[arrayIndex++];
    }

    public IEnumerator<T> GetEnumerator() => Offsets().Select(o => At(o)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
    }

    private unsafe Span<T> Elements(int start)
    {
        _ = _tensor.Handle;
        return new Span<T>((void*)_first, checked((int)Count))[start..];
    }

    private unsafe ref T At(long offset)
    {
        _ = _tensor.Handle;
        return ref Unsafe.Add(ref Unsafe.AsRef<T>((void*)_first), (nint)offset);
    }

    /// <summary>One index counts the elements row by row; otherwise there is one for each dimension.</summary>
    private long Offset(long[] indices)
    {
        if (indices.Length == 1 && _shape.Length != 1)
            return OffsetOf(indices[0]);
        if (indices.Length != _shape.Length)
            throw new ArgumentException($"{indices.Length} indexes for a tensor of {_shape.Length} dimensions.", nameof(indices));
        long offset = 0;
        for (int i = 0; i < indices.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)indices[i], (ulong)_shape[i], nameof(indices));
            offset += indices[i] * _strides[i];
        }
        return offset;
    }

    private long OffsetOf(long element)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)element, (ulong)Count, nameof(element));
        long offset = 0;
        for (int i = _shape.Length - 1; i >= 0; i--)
        {
            offset += element % _shape[i] * _strides[i];
            element /= _shape[i];
        }
        return offset;
    }

    private IEnumerable<long> Offsets()
    {
        for (long i = 0; i < Count; i++)
            yield return OffsetOf(i);
    }
}
