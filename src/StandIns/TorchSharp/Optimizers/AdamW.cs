// Adam with decoupled weight decay.
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.</summary>
public class AdamW : OptimizerHelper
{
    private readonly Dictionary<Parameter, State> _states = new(ReferenceEqualityComparer.Instance);
    private readonly double _beta1, _beta2, _eps, _weightDecay;
    private readonly double _sign;

    internal AdamW(IEnumerable<Parameter> parameters, double lr, double beta1, double beta2, double eps, double weight_decay,
        bool amsgrad, bool maximize)
        : base(parameters, lr)
    {
        if (amsgrad)
            throw new NotSupportedException("TorchSharp stand-in: amsgrad is not covered.");
        (_beta1, _beta2, _eps, _weightDecay, _sign) = (beta1, beta2, eps, weight_decay, maximize ? -1 : 1);
    }

    private protected override void Change(Parameter parameter, Tensor gradient)
    {
        if (!_states.TryGetValue(parameter, out State? state))
            _states[parameter] = state = new(zeros_like(parameter).DetachFromDisposeScope(),
                zeros_like(parameter).DetachFromDisposeScope());
        state.Step++;
        double rate = Group.LearningRate;
        parameter.mul_(1 - rate * _weightDecay);
        state.Mean.mul_(_beta1).add_(gradient, _sign * (1 - _beta1));
        state.Square.mul_(_beta2).addcmul_(gradient, gradient, 1 - _beta2);
        Tensor deviation = state.Square.sqrt().div_(Math.Sqrt(1 - Math.Pow(_beta2, state.Step))).add_(_eps);
        parameter.addcdiv_(state.Mean, deviation, -rate / (1 - Math.Pow(_beta1, state.Step)));
    }

    private sealed class State(Tensor mean, Tensor square)
    {
        internal readonly Tensor Mean = mean;
        internal readonly Tensor Square = square;
        internal long Step;
    }
}
