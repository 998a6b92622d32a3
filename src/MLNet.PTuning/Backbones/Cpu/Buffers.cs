// The matrices that a pass over the layers works in: taken by name, kept from pass to pass, grown when a batch is larger.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A contiguous matrix on the CPU: a tensor for products, memory for the kernels.</summary>
internal readonly unsafe struct Matrix<T>(torch.Tensor tensor, T* at, long rows) where T : unmanaged
{
    public torch.Tensor Tensor { get; } = tensor;

    public T* At { get; } = at;

    public long Rows { get; } = rows;
}

/// <summary>One worker's matrices.</summary>
internal sealed unsafe class Buffers : IDisposable
{
    private readonly Dictionary<(string Name, int Layer), torch.Tensor> _whole = [];
    private readonly Dictionary<(string Name, int Layer, long Rows), (torch.Tensor Tensor, nint At)> _taken = [];

    /// <summary>Begins a pass: the matrices taken before belong to a dispose scope that may be gone.</summary>
    public void Begin() => _taken.Clear();

    /// <summary>
    /// A matrix of any content; what was taken before under this name is overwritten. It belongs to the pass's dispose scope. One of bfloat16 may have some more
    /// rows, which mean nothing.
    /// </summary>
    public Matrix<T> Take<T>(string name, int layer, long rows, long width) where T : unmanaged
    {
        if (!Element<T>.IsFloat) rows = OfFewSizes(rows);
        if (!_taken.TryGetValue((name, layer, rows), out var taken))
        {
            var whole = Whole<T>(name, layer, rows, width);
            _taken[(name, layer, rows)] = taken = (whole.narrow(0, 0, rows), (nint)At(whole));
        }
        return new(taken.Tensor, (T*)taken.At, rows);
    }

    /// <summary>
    /// Rows rounded up by an eighth at most (by 7 where they are few). libtorch's bfloat16 products compile a kernel for every new shape and cache a
    /// thousand; compiling takes ten times as long as a small product.
    /// </summary>
    internal static long OfFewSizes(long rows)
    {
        long step = Math.Max(8, (long)BitOperations.RoundUpToPowerOf2((ulong)rows) / 16);
        return (rows + step - 1) / step * step;
    }

    /// <summary>Where a contiguous matrix of floats lies.</summary>
    public static float* At(torch.Tensor matrix) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(matrix.bytes));

    public void Dispose()
    {
        foreach (var whole in _whole.Values) whole.Dispose();
        _whole.Clear();
    }

    private torch.Tensor Whole<T>(string name, int layer, long rows, long width) where T : unmanaged
    {
        if (_whole.TryGetValue((name, layer), out var whole) && whole.shape[0] >= rows && whole.shape[1] == width) return whole;
        whole?.Dispose();
        return _whole[(name, layer)] = torch.empty(rows + rows / 4, width, dtype: Element<T>.IsFloat ? torch.ScalarType.Float32 : torch.ScalarType.BFloat16).DetachFromDisposeScope();
    }
}
