// AdamW on TorchSharp's state (Loshchilov and Hutter, 2019) over named parameters: which of them decay, and its state for checkpoints.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;
using static TorchSharp.Modules.AdamW;

namespace MLNet.PTuning.Training;

/// <summary>Optimizer over a fixed list of parameters; owns their moments.</summary>
internal sealed class AdamW : IDisposable
{
    // Parameters from which libtorch's threads gain more than waking them costs.
    private const long WorthAllThreads = 1 << 20;

    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly TorchSharp.Modules.AdamW _optimizer;
    private readonly State[] _states;
    private readonly double _weightDecay, _headFactor;
    private readonly bool _isLarge;

    /// <param name="parameters">What is trained.</param>
    /// <param name="weightDecay">Of those that decay.</param>
    /// <param name="headFactor">The head's rate as a multiple of the others'.</param>
    public AdamW(IReadOnlyList<Parameter> parameters, double weightDecay, double headFactor = 1)
    {
        (_parameters, _weightDecay, _headFactor) = (parameters, weightDecay, headFactor);
        _isLarge = parameters.Sum(p => p.Value.numel()) >= WorthAllThreads;
        // A group for each, so that their states are in the parameters' order.
        _optimizer = torch.optim.AdamW(parameters.Select(p => new ParamGroup([p.Value], weight_decay: p.Decays ? weightDecay : 0)));
        _states = [.. _optimizer.state_dict().State.Cast<State>()];
    }

    /// <summary>Running mean of each parameter's gradient.</summary>
    public IReadOnlyList<torch.Tensor> FirstMoments => [.. _states.Select(s => s.exp_avg)];

    /// <summary>Running mean of its square.</summary>
    public IReadOnlyList<torch.Tensor> SecondMoments => [.. _states.Select(s => s.exp_avg_sq)];

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>Scales gradients down to a norm over all parameters together.</summary>
    /// <returns>Their norm before.</returns>
    public static double Clip(IReadOnlyList<Parameter> parameters, double clipNorm)
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor[] gradients = [.. parameters.Select(p => p.Value.grad).OfType<torch.Tensor>()];
        double norm = Math.Sqrt(gradients.Sum(SumOfSquares));
        if (norm > clipNorm)
            foreach (var gradient in gradients) gradient.TimesInPlace(clipNorm / norm);
        return norm;

        // The squares of one tensor at a time: of full fine-tuning's they would be as large as the model together.
        static double SumOfSquares(torch.Tensor gradient)
        {
            using var squares = gradient * gradient;
            return squares.sum(torch.ScalarType.Float64).item<double>();
        }
    }

    /// <summary>Clips the gradients of the last backward pass, moves the parameters and clears the gradients.</summary>
    /// <param name="rate">Learning rate of this step; the head's is a multiple of it.</param>
    /// <param name="clipNorm">Largest norm of the gradient over all parameters.</param>
    /// <returns>The gradient's norm before clipping.</returns>
    public double Step(double rate, double clipNorm)
    {
        if (_isLarge) ComputeThread.SetLibtorchThreads(ComputeThread.ThreadCount);
        double norm = Clip(_parameters, clipNorm);
        Steps++;
        Update(rate);
        _optimizer.zero_grad();
        return norm;
    }

    // In place of the optimizer's own step, whose numbers TorchSharp does not keep alive while libtorch reads them: the garbage collector may take one meanwhile.
    private void Update(double rate)
    {
        const double Beta1 = 0.9, Beta2 = 0.999;
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        double correction = Math.Sqrt(1 - Math.Pow(Beta2, Steps));
        double correctedRate = rate / (1 - Math.Pow(Beta1, Steps));
        using Scalar kept = 1 - rate * _weightDecay, headKept = 1 - rate * _headFactor * _weightDecay, beta1 = Beta1, added1 = 1 - Beta1, beta2 = Beta2, added2 = 1 - Beta2,
            root = correction, epsilon = 1e-8, step = -correctedRate, headStep = -correctedRate * _headFactor;
        for (int i = 0; i < _parameters.Count; i++)
        {
            var value = _parameters[i].Value;
            if (value.grad is not { } gradient) continue;
            bool isHeads = _parameters[i].IsHeads;
            if (_parameters[i].Decays && _weightDecay > 0) value.mul_(isHeads ? headKept : kept);
            _states[i].exp_avg.mul_(beta1).add_(gradient, added1);
            _states[i].exp_avg_sq.mul_(beta2).addcmul_(gradient, gradient, added2);
            value.addcdiv_(_states[i].exp_avg, _states[i].exp_avg_sq.sqrt().div_(root).add_(epsilon, Arithmetic.One), isHeads ? headStep : step);
        }
    }

    public void Dispose() => _optimizer.Dispose();
}
