// What a weights file says about one of its tensors, and where its bytes lie.
namespace MLNet.PTuning.Files;

/// <summary>One tensor of a weights file.</summary>
/// <param name="Name">Its name, as the file spells it.</param>
/// <param name="Type">Type of its elements in the file.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="File">The file that holds its bytes.</param>
/// <param name="Offset">Where its first element lies in that file, in bytes.</param>
/// <param name="Strides">Steps between neighbors in each dimension, in elements; null where elements lie in row-major order without
/// gaps.</param>
/// <param name="VarintBytes">Number of bytes where the elements' bits are written as protobuf's varints, as ONNX may do with halves; null
/// where they are written as they are.</param>
internal sealed record TensorEntry(string Name, ElementType Type, long[] Shape, MappedFile File, long Offset, long[]? Strides = null,
    long? VarintBytes = null)
{
    /// <summary>Number of elements.</summary>
    public long Count { get; } = CountOf(Shape) ?? throw new InvalidDataException(
        $"{File.Path}: tensor '{Name}' has the shape [{string.Join(", ", Shape)}], which is negative or overflows; the file is damaged.");

    /// <summary>Number of bytes that the elements take.</summary>
    public long ByteLength => Count * Type.Size();

    /// <summary>Whether it is a matrix, not empty, whose transpose lies in row-major order.</summary>
    public bool IsTransposed => Count > 0 && Strides is [1, long step] && step == Shape[0];

    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>The product of the dimensions, or null where one is negative or where the tensor's bytes would overflow.</summary>
    public static long? CountOf(ReadOnlySpan<long> shape)
    {
        // A zero anywhere makes the product zero, even where another dimension overflows: the dimensions are bounded first.
        const long Limit = long.MaxValue / 8;
        bool empty = false;
        foreach (long dimension in shape)
        {
            if (dimension < 0 || dimension > Limit)
                return null;
            empty |= dimension == 0;
        }
        if (empty)
            return 0;
        long count = 1;
        foreach (long dimension in shape)
        {
            if (count > Limit / dimension)
                return null;
            count *= dimension;
        }
        return count;
    }
}
