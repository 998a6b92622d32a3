// Reads the fields of a protobuf message; just enough of the wire format for SentencePiece's models.
using System.Buffers.Binary;

namespace MLNet.PTuning.Text;

/// <summary>A field: a number (varint or fixed, as bits) or bytes.</summary>
internal readonly record struct ProtobufField(int Number, ulong Bits, ReadOnlyMemory<byte> Bytes)
{
    public float Single => BitConverter.UInt32BitsToSingle((uint)Bits);

    public bool Flag => Bits != 0;
}

internal static class ProtobufMessage
{
    /// <exception cref="InvalidDataException">The message is cut short or not protobuf.</exception>
    public static IEnumerable<ProtobufField> Fields(ReadOnlyMemory<byte> message)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong key = Varint(message.Span, ref at);
            int number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    yield return new ProtobufField(number, Varint(message.Span, ref at), default);
                    break;
                case 1:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt64LittleEndian(Take(message, ref at, 8).Span), default);
                    break;
                case 2:
                    ulong length = Varint(message.Span, ref at);
                    yield return new ProtobufField(number, 0, Take(message, ref at, length));
                    break;
                case 5:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt32LittleEndian(Take(message, ref at, 4).Span), default);
                    break;
                default:
                    throw Damaged();
            }
        }
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> message, ref int at, ulong length)
    {
        if (length > (ulong)(message.Length - at)) throw Damaged();
        ReadOnlyMemory<byte> taken = message.Slice(at, (int)length);
        at += (int)length;
        return taken;
    }

    private static ulong Varint(ReadOnlySpan<byte> message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64 && at < message.Length; shift += 7)
        {
            byte part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }
        throw Damaged();
    }

    private static InvalidDataException Damaged() => new("it is cut short or no protobuf message");
}
