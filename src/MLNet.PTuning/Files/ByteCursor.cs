// Reads little-endian values from bytes of a file, one after the other, and refuses to go beyond their end.
using System.Buffers.Binary;

namespace MLNet.PTuning.Files;

/// <param name="path">The file, for error messages.</param>
/// <param name="bytes">The bytes to read.</param>
/// <param name="start">Where they lie in the file.</param>
internal ref struct ByteCursor(string path, ReadOnlySpan<byte> bytes, long start)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Where the next byte lies in the file.</summary>
    public readonly long FileOffset => start + Position;

    public readonly int Remaining => _bytes.Length - Position;

    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > Remaining)
        {
            throw new InvalidDataException(
                $"{path}: {count} bytes are needed at byte {FileOffset}, but only {Remaining} follow; the file is damaged. "
                + "Download or copy it again.");
        }
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    /// <summary>Takes the bytes before the next <paramref name="end"/>, and that byte too.</summary>
    public ReadOnlySpan<byte> TakeUntil(byte end)
    {
        int length = _bytes[Position..].IndexOf(end);
        ReadOnlySpan<byte> taken = Take(length < 0 ? Remaining + 1L : length);
        Position++;
        return taken;
    }

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public long I64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));
}
