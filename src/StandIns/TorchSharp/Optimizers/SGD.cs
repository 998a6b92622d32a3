// Plain gradient descent.
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A step against the gradient, with weight decay.</summary>
public class SGD : OptimizerHelper
{
    private readonly double _weightDecay;
    private readonly double _sign;

    internal SGD(IEnumerable<Parameter> parameters, double lr, double momentum, double dampening, double weight_decay, bool nesterov,
        bool maximize)
        : base(parameters, lr)
    {
        if (momentum != 0 || dampening != 0 || nesterov)
            throw new NotSupportedException("TorchSharp stand-in: SGD with momentum is not covered.");
        (_weightDecay, _sign) = (weight_decay, maximize ? -1 : 1);
    }

    private protected override void Change(Parameter parameter, Tensor gradient)
    {
        Tensor direction = _weightDecay == 0 ? gradient : gradient.add(parameter, _sign * _weightDecay);
        parameter.add_(direction, -_sign * Group.LearningRate);
    }
}
