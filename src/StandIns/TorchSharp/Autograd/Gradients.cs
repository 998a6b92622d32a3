// Gradients of computed tensors, and whether operators are recorded for them.
using TorchSharp.Native;
using static TorchSharp.torch;

namespace TorchSharp;

public static partial class torch
{
    public static IDisposable no_grad() => new AutoGradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new AutoGradMode(enabled);

    public static bool is_grad_enabled() => Shim.ts_grad_mode();

    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    public static partial class autograd
    {
        /// <summary>One gradient for each input; null for one that no output depends on (with <paramref name="allow_unused"/>).</summary>
        public static unsafe IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null,
            bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var results = new nint[inputs.Count];
            fixed (nint* written = results)
            {
                Shim.Check(Shim.ts_gradients(Handles(outputs), outputs.Count, Handles(inputs), inputs.Count,
                    Handles(grad_outputs), grad_outputs?.Count ?? 0, retain_graph || create_graph, create_graph, allow_unused, written));
            }
            GC.KeepAlive((outputs, inputs, grad_outputs));
            return Array.ConvertAll(results, h => h == 0 ? null! : new Tensor(h));
        }

        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null,
            bool create_graph = false, IList<Tensor>? inputs = null)
        {
            Shim.Check(Shim.ts_backward(Handles(tensors), tensors.Count, Handles(grad_tensors), grad_tensors?.Count ?? 0,
                retain_graph ?? create_graph, create_graph, Handles(inputs), inputs?.Count ?? 0));
            GC.KeepAlive((tensors, grad_tensors, inputs));
        }

        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null,
            bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        private static nint[] Handles(IList<Tensor>? tensors) => tensors?.Select(t => t.Handle).ToArray() ?? [];
    }
}

/// <summary>Turns the recording of operators on or off until it is disposed.</summary>
internal sealed class AutoGradMode : IDisposable
{
    private readonly bool _before = Shim.ts_grad_mode();

    internal AutoGradMode(bool enabled) => Shim.ts_set_grad_mode(enabled);

    public void Dispose() => Shim.ts_set_grad_mode(_before);
}

/// <summary>No gradients and no bookkeeping for them until it is disposed, on the same thread.</summary>
internal sealed class InferenceMode : IDisposable
{
    private nint _guard;

    internal InferenceMode(bool mode) => _guard = Shim.ts_enter_inference_mode(mode);

    public void Dispose()
    {
        if (_guard != 0)
            Shim.ts_leave_inference_mode(_guard);
        _guard = 0;
    }
}
