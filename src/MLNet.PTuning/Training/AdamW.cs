// AdamW (Loshchilov and Hutter, 2019) with the gradient clipped over all parameters together, as PyTorch computes both.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>Optimizer over a fixed list of parameters; owns their moments.</summary>
internal sealed class AdamW(IReadOnlyList<Parameter> parameters, double weightDecay) : IDisposable
{
    // Numbers from which libtorch's threads bring more than waking them costs.
    private const long WorthAllThreads = 1 << 20;

    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    private readonly bool _isLarge = parameters.Sum(p => p.Value.numel()) >= WorthAllThreads;

    /// <summary>Running mean of each parameter's gradient.</summary>
    public IReadOnlyList<torch.Tensor> FirstMoments { get; } = Zeros(parameters);

    /// <summary>Running mean of its square.</summary>
    public IReadOnlyList<torch.Tensor> SecondMoments { get; } = Zeros(parameters);

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>Scales gradients down to a length over all parameters together.</summary>
    /// <returns>Their length before.</returns>
    public static double Clip(IReadOnlyList<Parameter> parameters, double clipNorm)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var gradients = parameters.Select(p => p.Value.grad).Where(g => g is not null).ToArray();
        double norm = Math.Sqrt(gradients.Sum(g => (double)g!.pow(2).sum().item<float>()));
        double scale = clipNorm / (norm + 1e-6);
        if (scale < 1)
            foreach (var gradient in gradients) gradient!.mul_(scale);
        return norm;
    }

    /// <summary>Clips the gradients of the last backward pass, moves the parameters and clears the gradients.</summary>
    /// <param name="rate">Learning rate of this step.</param>
    /// <param name="clipNorm">Longest gradient over all parameters.</param>
    /// <returns>The gradient's length before clipping.</returns>
    public double Step(double rate, double clipNorm)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        if (_isLarge) ComputeThread.GiveLibtorch(ComputeThread.ThreadCount);
        double norm = Clip(parameters, clipNorm);
        Steps++;
        double correction1 = 1 - Math.Pow(Beta1, Steps), correction2 = 1 - Math.Pow(Beta2, Steps);
        for (int i = 0; i < parameters.Count; i++)
        {
            var value = parameters[i].Value;
            if (value.grad is not { } gradient) continue;
            if (parameters[i].Decays && weightDecay > 0) value.mul_(1 - rate * weightDecay);
            FirstMoments[i].mul_(Beta1).add_(gradient, 1 - Beta1);
            SecondMoments[i].mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
            var denominator = SecondMoments[i].sqrt().div_(Math.Sqrt(correction2)).add_(Epsilon);
            value.addcdiv_(FirstMoments[i], denominator, -rate / correction1);
            gradient.zero_();
        }
        return norm;
    }

    public void Dispose()
    {
        foreach (var moment in FirstMoments.Concat(SecondMoments)) moment.Dispose();
    }

    private static torch.Tensor[] Zeros(IReadOnlyList<Parameter> parameters) =>
        [.. parameters.Select(p => torch.zeros_like(p.Value, requires_grad: false).DetachFromDisposeScope())];
}
