// Operators with a backward pass of their own, written in C#.
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>A function whose gradient autograd is told rather than finds.</summary>
        /// <typeparam name="T">The function itself.</typeparam>
        public abstract class Function<T>
            where T : Function<T>, new()
        {
            private static readonly T Instance = new();

            private protected Function()
            {
            }

            public abstract string Name { get; }

            internal abstract List<Tensor> Forward(AutogradContext ctx, object[] vars);

            internal abstract List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs);

            private protected static List<Tensor> Apply(object[] vars)
            {
                Tensor[] inputs = [.. vars.OfType<Tensor>()];
                bool recorded = is_grad_enabled() && inputs.Any(i => i.requires_grad);
                var context = new AutogradContext();
                List<Tensor> outputs;
                using (no_grad())
                    outputs = Instance.Forward(context, vars);
                if (recorded)
                    Link(context, vars, inputs, outputs);
                return outputs;
            }

            private static void Link(AutogradContext context, object[] vars, Tensor[] inputs, List<Tensor> outputs)
            {
                var pass = new BackwardPass(Instance.Name, context, Instance.Backward, [.. vars.Select(v => v is Tensor)]);
                using var node = new NodeReference(pass, context.MaterializeGrads, inputs);
                for (int i = 0; i < outputs.Count; i++)
                    outputs[i] = node.Link(outputs[i], inputs, !context.NonDifferentiable.Contains(outputs[i]));
                node.Save(context.TakeUnsaved());
            }
        }

        /// <summary>A function that gives one tensor.</summary>
        /// <typeparam name="T">The function itself.</typeparam>
        public abstract class SingleTensorFunction<T> : Function<T>
            where T : SingleTensorFunction<T>, new()
        {
            /// <summary>Calls the function. What of <paramref name="vars"/> is a tensor can get a gradient.</summary>
            public static Tensor apply(params object[] vars) => Apply(vars)[0];

            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>One gradient for each argument of forward, null where there is none.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            internal sealed override List<Tensor> Forward(AutogradContext ctx, object[] vars) => [forward(ctx, vars)];

            internal sealed override List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs) =>
                backward(ctx, grad_outputs[0]);
        }

        /// <summary>A function that gives several tensors.</summary>
        /// <typeparam name="T">The function itself.</typeparam>
        public abstract class MultiTensorFunction<T> : Function<T>
            where T : MultiTensorFunction<T>, new()
        {
            /// <inheritdoc cref="SingleTensorFunction{T}.apply"/>
            public static List<Tensor> apply(params object[] vars) => Apply(vars);

            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

            /// <inheritdoc cref="SingleTensorFunction{T}.backward"/>
            public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            internal sealed override List<Tensor> Forward(AutogradContext ctx, object[] vars) => forward(ctx, vars);

            internal sealed override List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs) => backward(ctx, grad_outputs);
        }

        /// <summary>What a function keeps from its forward for its backward pass.</summary>
        public class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object> _data = new(StringComparer.Ordinal);
            private List<Tensor> _unsaved = [];

            internal AutogradContext()
            {
            }

            /// <summary>Whether a gradient that did not arrive is given to backward as zeros; true unless set.</summary>
            internal bool MaterializeGrads { get; private set; } = true;

            internal HashSet<Tensor> NonDifferentiable { get; } = new(ReferenceEqualityComparer.Instance);

            /// <summary>The node whose backward pass runs now.</summary>
            internal nint Node { get; set; }

            public void save_for_backward(List<Tensor> tensors) => _unsaved = tensors;

            public unsafe List<Tensor> get_saved_variables()
            {
                const int Capacity = 64;
                nint* handles = stackalloc nint[Capacity];
                int count = Shim.ts_saved(Node, handles, Capacity);
                Shim.Check(count);
                return [.. new Span<nint>(handles, count).ToArray().Select(h => h == 0 ? null! : new Tensor(h))];
            }

            public void save_data(string key, object value) => _data[key] = value;

            public object get_data(string key) => _data[key];

            public void set_materialize_grads(bool value) => MaterializeGrads = value;

            public void mark_non_differentiable(List<Tensor> tensors) => NonDifferentiable.UnionWith(tensors);

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            internal List<Tensor> TakeUnsaved()
            {
                List<Tensor> taken = _unsaved;
                _unsaved = [];
                NonDifferentiable.Clear();
                return taken;
            }

            protected virtual void Dispose(bool disposing) => _data.Clear();
        }
    }
}
