// The C# side of a node of the autograd graph: libtorch calls back through it when gradients arrive.
using System.Runtime.InteropServices;
using TorchSharp.Native;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>What a node needs for its backward pass. The node owns it, and frees it when the graph goes.</summary>
internal sealed class BackwardPass(
    string name, autograd.AutogradContext context, Func<autograd.AutogradContext, List<Tensor>, List<Tensor>> backward, bool[] isTensor)
{
    /// <summary>The gradients of those of forward's arguments that are tensors.</summary>
    internal List<Tensor?> Run(nint node, List<Tensor> arrived)
    {
        context.Node = node;
        List<Tensor> given = backward(context, arrived);
        if (given.Count < isTensor.Length)
        {
            throw new InvalidOperationException(
                $"The backward pass of {name} gave {given.Count} gradients for {isTensor.Length} arguments; give null where none is.");
        }
        return [.. given.Take(isTensor.Length).Where((_, i) => isTensor[i])];
    }
}

/// <summary>Holds a new node while its outputs are linked to it.</summary>
internal sealed unsafe class NodeReference : IDisposable
{
    private readonly nint _node;

    internal NodeReference(BackwardPass pass, bool materialize, Tensor[] inputs)
    {
        nint context = GCHandle.ToIntPtr(GCHandle.Alloc(pass));
        nint[] handles = Array.ConvertAll(inputs, i => i.Handle);
        _node = Shim.Checked(Shim.ts_new_node(context, &Backward, &Release, materialize, handles, handles.Length));
    }

    /// <summary>The output, or a view that takes its place where it is one of the inputs.</summary>
    internal Tensor Link(Tensor output, Tensor[] inputs, bool differentiable)
    {
        nint[] handles = Array.ConvertAll(inputs, i => i.Handle);
        Shim.Check(Shim.ts_link_output(_node, output.Handle, handles, handles.Length, differentiable, out nint replaced));
        return replaced == 0 ? output : new Tensor(replaced);
    }

    internal void Save(List<Tensor> tensors)
    {
        nint[] handles = [.. tensors.Select(t => t is null ? 0 : t.Handle)];
        Shim.Check(Shim.ts_save(_node, handles, handles.Length));
        GC.KeepAlive(tensors);
    }

    public void Dispose() => Shim.ts_free_node(_node);

    /// <summary>An exception must not cross libtorch's frames: its text does.</summary>
    [UnmanagedCallersOnly]
    private static int Backward(nint context, nint node, nint* grads, int count, nint* results, int resultCount)
    {
        try
        {
            using DisposeScope scope = NewDisposeScope();
            List<Tensor> arrived = [];
            for (int i = 0; i < count; i++)
                arrived.Add(grads[i] == 0 ? null! : new Tensor(grads[i]));
            List<Tensor?> given = ((BackwardPass)GCHandle.FromIntPtr(context).Target!).Run(node, arrived);
            for (int i = 0; i < resultCount; i++)
                results[i] = given[i] is { } gradient ? Shim.ts_alias(gradient.Handle) : 0;
            return 0;
        }
        catch (Exception e)
        {
            Shim.ts_set_error($"{e.GetType().Name}: {e.Message}");
            return -1;
        }
    }

    [UnmanagedCallersOnly]
    private static void Release(nint context) => GCHandle.FromIntPtr(context).Free();
}
