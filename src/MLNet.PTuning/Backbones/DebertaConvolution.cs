// The convolution over neighboring word pieces that the larger DeBERTa v2 models have parallel to their first layer.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>A convolution within rows, whose result is added to the first layer's.</summary>
/// <param name="taps">Weights [H, H] of the neighbors, from the left one on.</param>
/// <param name="bias">[H].</param>
/// <param name="norm">Norm of the sum.</param>
/// <param name="activation">Function after the convolution.</param>
internal sealed class DebertaConvolution(torch.Tensor taps, torch.Tensor bias, Norm norm, Func<torch.Tensor, torch.Tensor> activation)
{
    /// <summary>The tensors of a checkpoint; null where it has none.</summary>
    public static DebertaConvolution? Of(BackboneConfig config, EncoderWeights weights)
    {
        int kernel = config.Fields.Integer("conv_kernel_size", 0);
        if (kernel <= 0) return null;
        if (kernel % 2 == 0) throw new NotSupportedException($"conv_kernel_size {kernel} is not supported; it must be odd.");
        if (config.Fields.Count("conv_groups", 1) != 1) throw new NotSupportedException("A DeBERTa with conv_groups other than 1 is not supported.");
        return new DebertaConvolution(weights.Tensor("encoder.conv.conv.weight", config.HiddenSize, config.HiddenSize, kernel),
            weights.Tensor("encoder.conv.conv.bias", config.HiddenSize), weights.Norm("encoder.conv.LayerNorm", config.HiddenSize, config.LayerNormEpsilon),
            Activation.Of(config.Fields.Text("conv_act", "tanh")));
    }

    /// <summary>[T, H] → [T, H], each row by itself, with zeros beyond its ends.</summary>
    public torch.Tensor Apply(torch.Tensor hidden, int[] rowStarts)
    {
        int kernel = (int)taps.shape[2], half = kernel / 2;
        long total = hidden.shape[0];
        var withZero = torch.cat([hidden, torch.zeros([1, hidden.shape[1]], device: hidden.device)], 0);
        torch.Tensor sum = bias;
        for (int tap = 0; tap < kernel; tap++)
        {
            var index = new long[total];
            for (int row = 0; row + 1 < rowStarts.Length; row++)
                for (int i = rowStarts[row]; i < rowStarts[row + 1]; i++)
                {
                    int neighbor = i + tap - half;
                    index[i] = neighbor >= rowStarts[row] && neighbor < rowStarts[row + 1] ? neighbor : total;
                }
            sum = sum.Plus(withZero.index_select(0, torch.tensor(index, device: hidden.device)).matmul(taps.select(2, tap).t()));
        }
        return sum;
    }

    /// <summary>The first layer's output with the convolution's added.</summary>
    public torch.Tensor Join(torch.Tensor output, torch.Tensor convolved) => norm.Apply(output.Plus(activation(convolved)));
}
