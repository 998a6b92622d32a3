// The activation functions that a config.json can name, by Hugging Face's names.
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Backbones;

internal static class Activation
{
    private static readonly Dictionary<string, Func<torch.Tensor, torch.Tensor>> All = new()
    {
        ["gelu"] = x => functional.gelu(x),
        ["gelu_python"] = x => functional.gelu(x),
        ["gelu_10"] = x => functional.gelu(x).Within(-10, 10),
        ["gelu_new"] = TanhGelu,
        ["gelu_fast"] = TanhGelu,
        ["gelu_accurate"] = TanhGelu,
        ["gelu_pytorch_tanh"] = TanhGelu,
        ["gelu_python_tanh"] = TanhGelu,
        ["quick_gelu"] = x => x * x.Times(1.702).sigmoid(),
        ["silu"] = x => x * x.sigmoid(),
        ["swish"] = x => x * x.sigmoid(),
        ["mish"] = x => functional.mish(x),
        ["relu"] = x => x.relu(),
        ["relu2"] = x => x.relu() * x.relu(),
        ["relu6"] = x => x.Within(0, 6),
        ["leaky_relu"] = x => x.relu().Plus(x.neg().relu().Times(-0.01)),
        ["linear"] = x => x,
        ["identity"] = x => x,
        ["tanh"] = x => x.tanh(),
        ["sigmoid"] = x => x.sigmoid(),
    };

    /// <exception cref="NotSupportedException">The name is not known here.</exception>
    public static Func<torch.Tensor, torch.Tensor> Of(string name) => All.TryGetValue(name, out var function) ? function
        : throw new NotSupportedException($"The activation '{name}' is not supported; supported are {string.Join(", ", All.Keys)}.");

    /// <summary>Whether a name is that of the exact GELU.</summary>
    public static bool IsGelu(string name) => name is "gelu" or "gelu_python";

    /// <summary>Whether a name is that of the GELU by the hyperbolic tangent: one function, which Hugging Face's library writes in several ways.</summary>
    public static bool IsTanhGelu(string name) => name is "gelu_new" or "gelu_fast" or "gelu_accurate" or "gelu_pytorch_tanh" or "gelu_python_tanh";

    /// <summary>Whether a name is that of the sigmoid linear unit (Elfwing et al., 2017).</summary>
    public static bool IsSilu(string name) => name is "silu" or "swish";

    // Hendrycks and Gimpel (2016), equation 2.
    private static torch.Tensor TanhGelu(torch.Tensor x) => x.Times(0.5) * x.Plus((x * x * x).Times(0.044715)).Times(Math.Sqrt(2 / Math.PI)).tanh().Plus(1);
}
