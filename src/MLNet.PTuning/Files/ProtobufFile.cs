// Reads the messages of a protobuf file field by field and passes over the bytes of long fields without reading them.
using System.Text;
using Google.Protobuf;

namespace MLNet.PTuning.Files;

/// <summary>A field of a protobuf message.</summary>
/// <param name="Number">Its number in the message's definition.</param>
/// <param name="Type">How it is written.</param>
/// <param name="Bits">Its value, where it is a number.</param>
/// <param name="Bytes">Where its bytes lie, where it is a message, a text, bytes or packed numbers.</param>
internal readonly record struct ProtobufField(int Number, WireFormat.WireType Type, ulong Bits, Extent Bytes)
{
    public float Single => BitConverter.UInt32BitsToSingle((uint)Bits);
}

internal sealed class ProtobufFile(MappedFile file)
{
    private const int LongestNumber = 10, LongestText = 1 << 14;

    private readonly byte[] _buffer = new byte[LongestText];
    private Extent _buffered;

    /// <summary>The whole file, which is one message.</summary>
    public Extent Root => new(0, file.Length);

    /// <summary>The fields of the message that lies in a part of the file, in their order there.</summary>
    /// <exception cref="InvalidDataException">It is no protobuf message, or a field does not fit into it.</exception>
    public IEnumerable<ProtobufField> Fields(Extent message)
    {
        long end = message.Offset + message.Length;
        for (long at = message.Offset; at < end;)
        {
            ProtobufField field = Field(ref at, end);
            yield return field;
        }
    }

    /// <summary>A field that holds a short text.</summary>
    public string Text(ProtobufField field)
    {
        Extent bytes = BytesOf(field);
        if (bytes.Length > LongestText)
            throw Damaged($"a name of {bytes.Length} bytes is longer than the {LongestText} that any has", bytes.Offset);
        int from = Buffer(bytes.Offset, (int)bytes.Length);
        return Encoding.UTF8.GetString(_buffer, from, (int)bytes.Length);
    }

    /// <summary>The numbers of a field of whole numbers: one, or several that are packed.</summary>
    public IEnumerable<long> Numbers(ProtobufField field)
    {
        if (field.Type == WireFormat.WireType.Varint)
        {
            yield return (long)field.Bits;
            yield break;
        }
        foreach (long number in Numbers(BytesOf(field)))
            yield return number;
    }

    /// <summary>The whole numbers that are packed into a part of the file.</summary>
    public IEnumerable<long> Numbers(Extent packed)
    {
        for (long at = packed.Offset, end = at + packed.Length; at < end;)
            yield return (long)Read(ref at, end, input => input.ReadUInt64());
    }

    /// <summary>Where the bytes of a field lie.</summary>
    /// <exception cref="InvalidDataException">It is a number.</exception>
    public Extent BytesOf(ProtobufField field) => field.Type == WireFormat.WireType.LengthDelimited
        ? field.Bytes
        : throw Damaged($"field {field.Number} is of the type {field.Type} where bytes belong", field.Bytes.Offset);

    public InvalidDataException Damaged(string what, long at, Exception? cause = null) =>
        new($"{file.Path} is not a usable ONNX file: {what} (byte {at}). Download or copy it again.", cause);

    private ProtobufField Field(ref long at, long end)
    {
        long start = at;
        uint tag = Read(ref at, end, input => input.ReadTag());
        int number = WireFormat.GetTagFieldNumber(tag);
        WireFormat.WireType type = WireFormat.GetTagWireType(tag);
        ulong bits = type switch
        {
            WireFormat.WireType.Varint => Read(ref at, end, input => input.ReadUInt64()),
            WireFormat.WireType.Fixed32 => Read(ref at, end, input => input.ReadFixed32()),
            WireFormat.WireType.Fixed64 => Read(ref at, end, input => input.ReadFixed64()),
            WireFormat.WireType.LengthDelimited => (ulong)Read(ref at, end, input => input.ReadLength()),
            _ => throw Damaged($"field {number} is of the type {type}, which ONNX does not use", start),
        };
        if (type != WireFormat.WireType.LengthDelimited)
            return new ProtobufField(number, type, bits, new Extent(start, 0));
        if (bits > (ulong)(end - at))
            throw Damaged($"field {number} claims {(long)bits} bytes, but {end - at} follow", start);
        var bytes = new Extent(at, (long)bits);
        at += bytes.Length;
        return new ProtobufField(number, type, 0, bytes);
    }

    // Reads one number, of 10 bytes at most.
    private T Read<T>(ref long at, long end, Func<CodedInputStream, T> read)
    {
        int length = (int)Math.Min(end - at, LongestNumber), from = Buffer(at, length);
        var input = new CodedInputStream(_buffer, from, length);
        try
        {
            T value = read(input);
            at += input.Position - from;
            return value;
        }
        catch (InvalidProtocolBufferException error)
        {
            throw Damaged("a number is damaged or cut short", at, error);
        }
    }

    // Where in the buffer a part of the file lies, read there unless it is there already.
    private int Buffer(long at, int length)
    {
        if (at < _buffered.Offset || at + length > _buffered.Offset + _buffered.Length)
        {
            _buffered = new Extent(at, Math.Min(_buffer.Length, file.Length - at));
            using MappedFile.Window window = file.Map(at, (int)_buffered.Length);
            window.Bytes.CopyTo(_buffer);
        }
        return (int)(at - _buffered.Offset);
    }
}
