// What the functions that make tensors share: the order of libtorch's options, and requires_grad, which is no option there.
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    private static Tensor Filled(string name, ReadOnlySpan<long> size, ScalarType? dtype, Device? device, bool requires_grad,
        string[]? names) =>
        Made(Aten.One(name == "empty" ? "empty.memory_format" : name, size, dtype, default, Unnamed(device, names)), requires_grad);

    private static Tensor Filled(string name, ReadOnlySpan<long> size, Scalar value, ScalarType? dtype, Device? device,
        bool requires_grad, string[]? names) =>
        Made(Aten.One(name, size, value, dtype, default, Unnamed(device, names)), requires_grad);

    private static Tensor Random(string name, ReadOnlySpan<long> size, ScalarType? dtype, Device? device, bool requires_grad,
        Generator? generator, string[]? names) =>
        Made(Aten.One(name + ".generator", size, generator, dtype, default, Unnamed(device, names)), requires_grad);

    private static Tensor Made(Tensor tensor, bool requires_grad) => requires_grad ? tensor.requires_grad_() : tensor;

    private static Device? Unnamed(Device? device, string[]? names) =>
        names is null ? device : throw new NotSupportedException("TorchSharp stand-in: dimensions with names are not covered.");

    private static Tensor[] Several(IEnumerable<Tensor> tensors) =>
        tensors.ToArray() is { Length: > 0 } all ? all : throw new ArgumentException("At least one tensor is needed.", nameof(tensors));
}
