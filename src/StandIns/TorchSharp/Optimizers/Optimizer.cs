// What optimizers share: parameters, their gradients, the learning rate.
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0,
                double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            public interface ILearningRateController
            {
                double LearningRate { get; set; }

                double InitialLearningRate { get; set; }
            }

            /// <summary>Changes parameters by their gradients. There is one group of them.</summary>
            public abstract class Optimizer : IDisposable
            {
                private readonly Parameter[] _parameters;

                private protected Optimizer(IEnumerable<Parameter> parameters, double learningRate)
                {
                    _parameters = [.. parameters];
                    Group = new(learningRate);
                }

                public virtual IEnumerable<ILearningRateController> ParamGroups => [Group];

                private protected LearningRateOfAll Group { get; }

                public virtual IEnumerable<Parameter> parameters() => _parameters;

                /// <summary>Forgets the gradients.</summary>
                public virtual void zero_grad()
                {
                    foreach (Parameter parameter in _parameters)
                        parameter.grad = null;
                }

                /// <summary>One change of the parameters; the loss that <paramref name="closure"/> computes before it, if any.</summary>
                public virtual Tensor? step(Func<Tensor>? closure = null)
                {
                    Tensor? loss = null;
                    if (closure is not null)
                    {
                        using IDisposable recorded = enable_grad();
                        loss = closure();
                    }
                    using IDisposable unrecorded = no_grad();
                    foreach (Parameter parameter in _parameters)
                    {
                        using DisposeScope scope = NewDisposeScope();
                        if (parameter.grad is { } gradient)
                            Change(parameter, gradient);
                    }
                    return loss;
                }

                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                protected virtual void Dispose(bool disposing)
                {
                }

                private protected abstract void Change(Parameter parameter, Tensor gradient);

                private protected sealed class LearningRateOfAll(double initial) : ILearningRateController
                {
                    public double LearningRate { get; set; } = initial;

                    public double InitialLearningRate { get; set; } = initial;
                }
            }
        }

        public static partial class nn
        {
            public static partial class utils
            {
                /// <summary>Scales all gradients so that their common norm is at most the given one; the norm before that.</summary>
                public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2)
                {
                    using DisposeScope scope = NewDisposeScope();
                    using IDisposable unrecorded = no_grad();
                    List<Tensor> gradients = [.. tensors.Select(t => t.grad).OfType<Tensor>()];
                    if (gradients.Count == 0)
                        return 0;
                    var p = (float)norm_type;
                    double norm = stack(gradients.Select(g => g.norm(p).to(ScalarType.Float64))).norm(p).ToDouble();
                    double scale = max_norm / (norm + 1e-6);
                    if (scale < 1)
                        gradients.ForEach(g => g.mul_(scale));
                    return norm;
                }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>The base that TorchSharp gives its optimizers.</summary>
    public abstract class OptimizerHelper : torch.optim.Optimizer
    {
        private protected OptimizerHelper(IEnumerable<Parameter> parameters, double learningRate)
            : base(parameters, learningRate)
        {
        }
    }
}
