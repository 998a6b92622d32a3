// The activation functions that a config.json can name.
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Backbones;

internal static class Activation
{
    /// <exception cref="NotSupportedException">The name is not known here.</exception>
    public static Func<torch.Tensor, torch.Tensor> Of(string name) => name switch
    {
        "gelu" => functional.gelu,
        "relu" => x => x.relu(),
        "tanh" => x => x.tanh(),
        "gelu_new" or "gelu_pytorch_tanh" => TanhGelu,
        _ => throw new NotSupportedException($"The activation '{name}' is not supported; supported are gelu, gelu_new, gelu_pytorch_tanh, relu and tanh."),
    };

    // Hendrycks and Gimpel (2016), equation 2.
    private static torch.Tensor TanhGelu(torch.Tensor x) => 0.5 * x * (1 + (Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x.pow(3))).tanh());
}
