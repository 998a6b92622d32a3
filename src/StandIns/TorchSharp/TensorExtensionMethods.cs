// The only element of a tensor under a type's name, and what is known of element types.
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp;

public static class TensorExtensionMethods
{
    public static float ToSingle(this Tensor value) => (float)Only(value).AsDouble;

    public static double ToDouble(this Tensor value) => Only(value).AsDouble;

    public static int ToInt32(this Tensor value) => (int)Only(value).AsInt64;

    public static long ToInt64(this Tensor value) => Only(value).AsInt64;

    public static bool ToBoolean(this Tensor value) => Only(value).AsDouble != 0;

    public static Parameter AsParameter(this Tensor tensor) => new(tensor);

    public static bool IsIntegral(this Tensor tensor) => tensor.dtype.IsIntegral();

    public static bool IsIntegral(this ScalarType type) =>
        type is ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64 or ScalarType.Bool;

    public static bool IsFloatingPoint(this ScalarType type) =>
        type is ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64;

    public static bool IsComplex(this ScalarType type) => type is ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64;

    /// <summary>Bytes of one element.</summary>
    public static int ElementSize(this ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        ScalarType.Int64 or ScalarType.Float64 or ScalarType.ComplexFloat32 => 8,
        ScalarType.ComplexFloat64 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such element type."),
    };

    private static Scalar Only(Tensor value) =>
        value.NumberOfElements == 1
            ? value.ToScalar()
            : throw new ArgumentException($"One element is needed, but there are {value.NumberOfElements}.", nameof(value));
}
