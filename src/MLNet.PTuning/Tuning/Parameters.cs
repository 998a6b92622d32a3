// Trained tensors with their names: their initial values, how they are read back, and their disposal.
using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNet.PTuning.Tuning;

/// <summary>One trained tensor.</summary>
/// <param name="Name">Its name in files, as the reference implementation names it.</param>
/// <param name="Value">Its value, a leaf of autograd; float32.</param>
/// <param name="Decays">Whether weight decay applies: not to biases and norms.</param>
/// <param name="IsHeads">Whether it is the head's, which may have a rate of its own.</param>
internal sealed record Parameter(string Name, TorchSharp.Modules.Parameter Value, bool Decays = true, bool IsHeads = false)
{
    /// <summary>Copies a saved tensor's values.</summary>
    /// <exception cref="ArgumentException">There is no such tensor of this shape.</exception>
    public void BeginWith(SavedTensors start)
    {
        if (!start.Has(Name, Value.shape))
            throw new ArgumentException($"StartFrom ({start.Source}) holds no '{Name}' of shape [{string.Join(", ", Value.shape)}], which Method trains. Leave Method unset to train what it holds, and take the backbone that it was trained on.");
        using var noGrad = torch.no_grad();
        using var values = ParameterFactory.From(start.Read(Name, Value.shape), Value.shape, Value.device);
        Value.copy_(values);
    }
}

/// <summary>Reads the float32 values of a saved tensor of a given shape.</summary>
internal delegate float[] TensorSource(string name, long[] shape);

/// <summary>Creates a parameter of a name and shape with its initial value.</summary>
internal delegate TorchSharp.Modules.Parameter ParameterSource(string name, long[] shape);

/// <summary>Makes the leaves that are trained.</summary>
internal sealed class ParameterFactory(long seed, torch.Device device) : IDisposable
{
    private readonly torch.Generator _generator = new((ulong)seed);

    /// <summary>N(0, <paramref name="deviation"/>²).</summary>
    public TorchSharp.Modules.Parameter Normal(double deviation, params long[] shape)
    {
        using var noGrad = torch.no_grad();
        return Leaf(torch.empty(shape, dtype: torch.ScalarType.Float32).normal_(0, deviation, _generator), device);
    }

    /// <summary>Uniform in ±<paramref name="bound"/>.</summary>
    public TorchSharp.Modules.Parameter Uniform(double bound, params long[] shape)
    {
        using var noGrad = torch.no_grad();
        return Leaf(torch.empty(shape, dtype: torch.ScalarType.Float32).uniform_(-bound, bound, _generator), device);
    }

    /// <summary>The same into a parameter that is there.</summary>
    public void Uniform(TorchSharp.Modules.Parameter parameter, double bound)
    {
        using var noGrad = torch.no_grad();
        using var values = Uniform(bound, parameter.shape);
        parameter.copy_(values);
    }

    /// <summary>All zero.</summary>
    public TorchSharp.Modules.Parameter Zeros(params long[] shape) => Leaf(torch.zeros(shape, dtype: torch.ScalarType.Float32), device);

    /// <summary>Given values.</summary>
    public static TorchSharp.Modules.Parameter From(float[] values, long[] shape, torch.Device device)
    {
        var tensor = torch.empty(shape, dtype: torch.ScalarType.Float32);
        values.AsSpan().CopyTo(MemoryMarshal.Cast<byte, float>(tensor.bytes));
        return Leaf(tensor, device);
    }

    /// <summary>The values that a tensor has now.</summary>
    public static TorchSharp.Modules.Parameter From(torch.Tensor value)
    {
        using var noGrad = torch.no_grad();
        return Leaf(value.detach().clone(), value.device);
    }

    /// <summary>Values of a parameter in row-major order.</summary>
    public static float[] ToArray(torch.Tensor value)
    {
        using var scope = torch.NewDisposeScope();
        return MemoryMarshal.Cast<byte, float>(value.detach().cpu().contiguous().bytes).ToArray();
    }

    /// <summary>Sets a tensor's elements, in row-major order.</summary>
    public static void Copy(float[] values, torch.Tensor to)
    {
        using var noGrad = torch.no_grad();
        using var source = From(values, to.shape, torch.CPU);
        to.copy_(source);
    }

    public void Dispose() => _generator.Dispose();

    private static TorchSharp.Modules.Parameter Leaf(torch.Tensor value, torch.Device device)
    {
        var leaf = new TorchSharp.Modules.Parameter(value.to(device, disposeAfter: true));
        leaf.DetachFromDisposeScope();
        return leaf;
    }
}
