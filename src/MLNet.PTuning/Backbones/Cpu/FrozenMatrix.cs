// One frozen weight of a linear layer, in the form that its products need.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// W [out, in], given as parts one below the other. Floats are laid out for this project's own product where vectors have 512 or 256 bits; else products are libtorch's,
/// on a joined copy. Each form is made at its first use, so that prediction has none for the backward pass. Weights of 8 bits are used where they lie, in every width.
/// </summary>
internal sealed unsafe class FrozenMatrix<TLanes, T>(Linear[] parts) : IDisposable where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    private readonly Lazy<FrozenPanels<TLanes>> _transposed = new(() => Panels(parts, transpose: true)), _straight = new(() => Panels(parts, transpose: false));
    private readonly Lazy<(torch.Tensor Weight, torch.Tensor Transpose)> _joined = new(() => Join(parts));
    private readonly Int8Product<TLanes>? _int8 = parts[0].Int8 is null ? null : new([.. parts.Select(part => part.Int8!)]);

    /// <summary>
    /// Whether its products are not libtorch's: with floats in 512 and 256 bits, in which it was measured to be faster than libtorch's, and with 8 bits.
    /// Rows of such a product do not depend on the rows beside them.
    /// </summary>
    public bool HasOwnProduct => _int8 is not null || Element<T>.IsFloat && TLanes.Count >= 8;

    /// <summary>result = x Wᵀ: [rows, in] → [rows, out].</summary>
    /// <param name="x">All its rows.</param>
    /// <param name="result">Overwritten.</param>
    /// <param name="cores">Threads that the product may take; 1 for this one alone.</param>
    /// <param name="scratch">Memory that the product may overwrite.</param>
    public void Apply(Matrix<T> x, Matrix<T> result, int cores, Scratch scratch)
    {
        if (_int8 is not null) _int8.Apply((float*)x.At, (float*)result.At, (int)x.Rows, cores, scratch);
        else if (HasOwnProduct) _transposed.Value.Multiply((float*)x.At, (float*)result.At, (int)x.Rows, cores);
        else result.Tensor.addmm_(x.Tensor, _joined.Value.Transpose, beta: 0);
    }

    /// <summary>result = g W: [rows, out] → [rows, in].</summary>
    /// <inheritdoc cref="Apply"/>
    public void ApplyBackward(Matrix<T> gradient, Matrix<T> result, int cores, Scratch scratch)
    {
        if (_int8 is not null) _int8.ApplyBackward((float*)gradient.At, (float*)result.At, (int)gradient.Rows, cores, scratch);
        else if (HasOwnProduct) _straight.Value.Multiply((float*)gradient.At, (float*)result.At, (int)gradient.Rows, cores);
        else result.Tensor.addmm_(gradient.Tensor, _joined.Value.Weight, beta: 0);
    }

    public void Dispose()
    {
        if (_transposed.IsValueCreated) _transposed.Value.Dispose();
        if (_straight.IsValueCreated) _straight.Value.Dispose();
        if (!_joined.IsValueCreated) return;
        _joined.Value.Weight.Dispose();
        _joined.Value.Transpose.Dispose();
    }

    private static FrozenPanels<TLanes> Panels(Linear[] parts, bool transpose)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var weight = parts.Length == 1 ? parts[0].Matrix().contiguous() : torch.cat([.. parts.Select(part => part.Matrix())], 0).contiguous();
        int outputs = (int)weight.shape[0], inputs = (int)weight.shape[1];
        float* at = Buffers.At(weight);
        return transpose ? new FrozenPanels<TLanes>(at, 1, inputs, inputs, outputs) : new FrozenPanels<TLanes>(at, inputs, 1, outputs, inputs);
    }

    private static (torch.Tensor, torch.Tensor) Join(Linear[] parts)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var weight = (parts.Length == 1 ? parts[0].Matrix().alias() : torch.cat([.. parts.Select(part => part.Matrix())], 0)).contiguous().to_type(Element<T>.IsFloat ? torch.ScalarType.Float32 : torch.ScalarType.BFloat16);
        return (weight.DetachFromDisposeScope(), weight.t().DetachFromDisposeScope());
    }
}
