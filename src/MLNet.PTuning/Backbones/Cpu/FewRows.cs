// Products of a few rows with small matrices, on the calling thread alone: a head's in prediction.
using System.Numerics;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

internal static unsafe class FewRows
{
    /// <summary>x Wᵀ + b without libtorch, which would bring threads of its own to every thread that calls; a row's result does not depend on the rows beside it.</summary>
    /// <param name="layer">W and b, on the CPU.</param>
    /// <param name="x">[rows, in], on the CPU.</param>
    /// <returns>[rows, out].</returns>
    public static torch.Tensor Apply(Linear layer, torch.Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        int rows = (int)x.shape[0], inputs = (int)layer.Weight.shape[1], outputs = (int)layer.Weight.shape[0];
        var result = torch.empty(rows, outputs);
        if (rows == 0) return result.MoveToOuterDisposeScope();
        float* from = Buffers.At(x.contiguous()), weight = Buffers.At(layer.Weight.contiguous()), to = Buffers.At(result);
        float* bias = layer.Bias is null ? null : Buffers.At(layer.Bias);
        for (int r = 0; r < rows; r++, from += inputs)
            for (int o = 0; o < outputs; o++)
                *to++ = Dot(from, weight + (long)o * inputs, inputs) + (bias is null ? 0 : bias[o]);
        return result.MoveToOuterDisposeScope();
    }

    private static float Dot(float* a, float* b, int length)
    {
        int step = Vector<float>.Count, i = 0;
        Vector<float> even = default, odd = default;
        for (; i + 2 * step <= length; i += 2 * step)
        {
            even = Vector.FusedMultiplyAdd(Vector.Load(a + i), Vector.Load(b + i), even);
            odd = Vector.FusedMultiplyAdd(Vector.Load(a + i + step), Vector.Load(b + i + step), odd);
        }
        float sum = Vector.Sum(even + odd);
        for (; i < length; i++) sum += a[i] * b[i];
        return sum;
    }
}
