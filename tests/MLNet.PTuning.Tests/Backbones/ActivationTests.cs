// The activations by Hugging Face's names, each against its formula in double precision, alone and within an encoder.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Files;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class ActivationTests : IDisposable
{
    private static readonly Dictionary<string, Func<double, double>> Formulas = new()
    {
        ["gelu"] = Gelu,
        ["gelu_python"] = Gelu,
        ["gelu_10"] = x => Math.Clamp(Gelu(x), -10, 10),
        ["gelu_new"] = TanhGelu,
        ["gelu_fast"] = x => 0.5 * x * (1 + Math.Tanh(x * 0.7978845608 * (1 + 0.044715 * x * x))),
        ["gelu_pytorch_tanh"] = TanhGelu,
        ["gelu_python_tanh"] = TanhGelu,
        ["gelu_accurate"] = TanhGelu,
        ["quick_gelu"] = x => x * Sigmoid(1.702 * x),
        ["silu"] = x => x * Sigmoid(x),
        ["swish"] = x => x * Sigmoid(x),
        ["mish"] = x => x * Math.Tanh(Math.Log(1 + Math.Exp(x))),
        ["relu"] = x => Math.Max(0, x),
        ["relu2"] = x => Math.Pow(Math.Max(0, x), 2),
        ["relu6"] = x => Math.Clamp(x, 0, 6),
        ["leaky_relu"] = x => x < 0 ? 0.01 * x : x,
        ["linear"] = x => x,
        ["identity"] = x => x,
        ["tanh"] = Math.Tanh,
        ["sigmoid"] = Sigmoid,
    };

    private readonly TempFolder _folder = new();

    public static TheoryData<string> Names => [.. Formulas.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_its_formula_with_its_slope(string name)
    {
        using var scope = torch.NewDisposeScope();
        // No point is a kink of a piecewise function.
        double[] points = [.. Enumerable.Range(-130, 261).Select(i => i * 0.1 + 0.013)];
        var x = torch.tensor(points, dtype: torch.ScalarType.Float64).requires_grad_(true);
        var y = Activation.Of(name)(x);
        y.sum().backward();
        double[] values = y.detach().data<double>().ToArray(), slopes = x.grad!.data<double>().ToArray();
        for (int i = 0; i < points.Length; i++)
        {
            Func<double, double> formula = Formulas[name];
            Assert.Equal(formula(points[i]), values[i], 1e-9);
            Assert.Equal((formula(points[i] + 1e-4) - formula(points[i] - 1e-4)) / 2e-4, slopes[i], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_encoder_computes_it_whether_packed_or_under_autograd(string name)
    {
        foreach (string file in Directory.GetFiles(Shared.Fixture("parity", "bert-small-random"))) File.Copy(file, _folder.At(Path.GetFileName(file)), overwrite: true);
        string config = File.ReadAllText(_folder.At("config.json"));
        Assert.Contains("\"hidden_act\": \"gelu\"", config);
        File.WriteAllText(_folder.At("config.json"), config.Replace("\"hidden_act\": \"gelu\"", $"\"hidden_act\": \"{name}\""));
        string[] special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        File.WriteAllText(_folder.At("vocab.txt"), string.Join("\n", special.Concat(Enumerable.Range(special.Length, 200 - special.Length).Select(i => $"w{i}"))));
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            var rows = new PackedBatch([2, 7, 9, 3, 2, 8], [0, 0, 0, 0, 0, 0], [0, 4, 6]);
            int[] everywhere = [0, 1, 2, 3, 4, 5];
            float[] packed = lease.Backbone.Encoder.Run(rows, everywhere, PromptState.None, null, Precision.Float32).Hidden.data<float>().ToArray();
            float[] plain = lease.Backbone.Encoder.Forward(rows, everywhere, PromptState.None, null).data<float>().ToArray();
            for (int i = 0; i < plain.Length; i++) Assert.Equal(plain[i], packed[i], 2e-5);
        });
    }

    [Fact]
    public void Another_name_is_refused_with_those_that_are_known()
    {
        string message = Assert.Throws<NotSupportedException>(() => Activation.Of("swiglu")).Message;
        Assert.Contains("'swiglu'", message);
        Assert.All(Formulas.Keys, name => Assert.Contains(name, message));
    }

    public void Dispose() => _folder.Dispose();

    private static double Gelu(double x) => x / 2 * (1 + Erf(x / Math.Sqrt(2)));

    private static double TanhGelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    // The Maclaurin series, or where that cancels the continued fraction of the complement (Abramowitz and Stegun, 7.1.6 and 7.1.14).
    private static double Erf(double x)
    {
        if (Math.Abs(x) < 3)
        {
            double term = x, sum = x;
            for (int n = 1; n < 100; n++) sum += term *= 2 * x * x / (2 * n + 1);
            return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
        }
        double fraction = 0, z = Math.Abs(x);
        for (int n = 60; n > 0; n--) fraction = n / 2.0 / (z + fraction);
        return Math.Sign(x) * (1 - Math.Exp(-z * z) / Math.Sqrt(Math.PI) / (z + fraction));
    }
}
