// The matrices that a pass over the layers works in: taken by name, kept from pass to pass, grown when a batch is larger.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Float matrices on the CPU.</summary>
internal sealed class Buffers : IDisposable
{
    private readonly Dictionary<(string Name, int Layer), torch.Tensor> _matrices = [];

    /// <summary>A matrix of any content; the one taken before under this name is overwritten.</summary>
    public torch.Tensor Take(string name, int layer, long rows, long width)
    {
        if (!_matrices.TryGetValue((name, layer), out var matrix) || matrix.shape[0] < rows || matrix.shape[1] != width)
        {
            matrix?.Dispose();
            _matrices[(name, layer)] = matrix = torch.empty(rows + rows / 4, width, dtype: torch.ScalarType.Float32).DetachFromDisposeScope();
        }
        return matrix.narrow(0, 0, rows);
    }

    /// <summary>Where a contiguous matrix of floats lies.</summary>
    public static unsafe float* At(torch.Tensor matrix) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(matrix.bytes));

    public void Dispose()
    {
        foreach (var matrix in _matrices.Values) matrix.Dispose();
        _matrices.Clear();
    }
}
