// A number that an operator takes where it would also take a tensor.
using TorchSharp.Native;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>A whole number, a real number or a truth value, with the type it came from.</summary>
public sealed class Scalar : IDisposable
{
    internal readonly Argument Value;

    private Scalar(ScalarType type, Argument value)
    {
        Type = type;
        Value = value;
    }

    public ScalarType Type { get; }

    internal double AsDouble => Value.Kind == ValueKind.Real ? BitConverter.Int64BitsToDouble(Value.Bits) : Value.Bits;

    internal long AsInt64 => Value.Kind == ValueKind.Real ? (long)AsDouble : Value.Bits;

    public static implicit operator Scalar(byte value) => new(ScalarType.Byte, (long)value);

    public static implicit operator Scalar(sbyte value) => new(ScalarType.Int8, (long)value);

    public static implicit operator Scalar(short value) => new(ScalarType.Int16, (long)value);

    public static implicit operator Scalar(int value) => new(ScalarType.Int32, (long)value);

    public static implicit operator Scalar(long value) => new(ScalarType.Int64, value);

    public static implicit operator Scalar(Half value) => new(ScalarType.Float16, (double)value);

    public static implicit operator Scalar(float value) => new(ScalarType.Float32, (double)value);

    public static implicit operator Scalar(double value) => new(ScalarType.Float64, value);

    public static implicit operator Scalar(bool value) => new(ScalarType.Bool, value);

    public void Dispose()
    {
    }
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this float value) => value;

    public static Scalar ToScalar(this double value) => value;

    public static Scalar ToScalar(this long value) => value;

    public static Scalar ToScalar(this int value) => value;

    public static Scalar ToScalar(this bool value) => value;

    public static float ToSingle(this Scalar value) => (float)value.AsDouble;

    public static double ToDouble(this Scalar value) => value.AsDouble;

    public static int ToInt32(this Scalar value) => (int)value.AsInt64;

    public static long ToInt64(this Scalar value) => value.AsInt64;

    public static bool ToBoolean(this Scalar value) => value.AsDouble != 0;
}
