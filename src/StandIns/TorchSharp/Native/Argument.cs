// An argument of an operator: whatever C# passes, as one value that knows how the shim wants it.
using static TorchSharp.torch;

namespace TorchSharp.Native;

/// <summary>A number, or the object that stands behind a pointer; null is "not given".</summary>
internal readonly struct Argument
{
    internal readonly ValueKind Kind;
    internal readonly long Bits;
    internal readonly object? Object;

    private Argument(ValueKind kind, long bits = 0, object? value = null)
    {
        Kind = kind;
        Bits = bits;
        Object = value;
    }

    private static Argument Of(ValueKind kind, object? value) => value is null ? default : new(kind, 0, value);

    public static implicit operator Argument(long value) => new(ValueKind.Whole, value);

    public static implicit operator Argument(long? value) => value is { } v ? v : default(Argument);

    public static implicit operator Argument(double value) => new(ValueKind.Real, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator Argument(double? value) => value is { } v ? v : default(Argument);

    public static implicit operator Argument(bool value) => new(ValueKind.Flag, value ? 1 : 0);

    public static implicit operator Argument(Scalar? value) => value?.Value ?? default;

    public static implicit operator Argument(ScalarType value) => (long)value;

    public static implicit operator Argument(ScalarType? value) => value is { } v ? v : default(Argument);

    public static implicit operator Argument(Tensor? value) => Of(ValueKind.Tensor, value);

    public static implicit operator Argument(long[]? value) => Of(ValueKind.Wholes, value);

    public static implicit operator Argument(ReadOnlySpan<long> value) => value.ToArray();

    public static implicit operator Argument(Tensor?[]? value) => Of(ValueKind.Tensors, value);

    public static implicit operator Argument(string? value) => Of(ValueKind.Text, value);

    public static implicit operator Argument(Device? value) => Of(ValueKind.Device, value);

    public static implicit operator Argument(Generator? value) => Of(ValueKind.Generator, value);
}
