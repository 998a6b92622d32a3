// What the scenarios of TorchSharp share: how a tensor and an exception are described.
using TorchSharp;
using static StandIns.Tests.Observe;
using static TorchSharp.torch;

namespace StandIns.Tests;

/// <summary>What all areas of this file use.</summary>
internal static class Tensors
{
    /// <summary>Element type, shape and values (row-major; floats to six digits) of a tensor.</summary>
    internal static object Describe(Tensor tensor) => new { type = tensor.dtype.ToString(), tensor.shape, values = Values(tensor) };

    internal static object?[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.dtype switch
        {
            ScalarType.Bool => tensor.contiguous().data<bool>().ToArray().Select(v => (object?)v).ToArray(),
            ScalarType.Int64 => tensor.contiguous().data<long>().ToArray().Select(v => (object?)v).ToArray(),
            ScalarType.Int32 => tensor.contiguous().data<int>().ToArray().Select(v => (object?)v).ToArray(),
            _ => tensor.detach().to(ScalarType.Float32).contiguous().data<float>().ToArray().Select(v => (object?)Round(v)).ToArray(),
        };
    }

    /// <summary>0, 1, 2, … in the given shape, as floats.</summary>
    internal static Tensor Counting(params long[] shape) => arange(0, shape.Aggregate(1L, (a, b) => a * b), dtype: ScalarType.Float32).reshape(shape);

    /// <summary>Type of the exception, and whether its message names <paramref name="words"/>: libtorch's wording varies beyond that.</summary>
    internal static object Error(Action action, params string[] words)
    {
        try
        {
            action();
            return "no exception";
        }
        catch (Exception e)
        {
            return new { throws = e.GetType().Name, names = words.All(w => e.Message.Contains(w, StringComparison.OrdinalIgnoreCase)) };
        }
    }
}
