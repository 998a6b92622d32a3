// Values of every column type as bytes.
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data.IO;

internal static class ValueCodec
{
    private static readonly Dictionary<Type, (Delegate Write, Delegate Read)> _scalars = [];

    static ValueCodec()
    {
        Add((w, v) => w.Write(v.ToString()), r => r.ReadString().AsMemory());
        Add((w, v) => w.Write(v), r => r.ReadBoolean());
        Add((w, v) => w.Write(v), r => r.ReadSByte());
        Add((w, v) => w.Write(v), r => r.ReadByte());
        Add((w, v) => w.Write(v), r => r.ReadInt16());
        Add((w, v) => w.Write(v), r => r.ReadUInt16());
        Add((w, v) => w.Write(v), r => r.ReadInt32());
        Add((w, v) => w.Write(v), r => r.ReadUInt32());
        Add((w, v) => w.Write(v), r => r.ReadInt64());
        Add((w, v) => w.Write(v), r => r.ReadUInt64());
        Add((w, v) => w.Write(v), r => r.ReadSingle());
        Add((w, v) => w.Write(v), r => r.ReadDouble());
        Add((w, v) => w.Write(v.ToBinary()), r => DateTime.FromBinary(r.ReadInt64()));
        Add((w, v) => w.Write(v.Ticks), r => new TimeSpan(r.ReadInt64()));
        Add(
            (w, v) =>
            {
                w.Write(v.Ticks);
                w.Write(v.Offset.Ticks);
            },
            r => new DateTimeOffset(r.ReadInt64(), new TimeSpan(r.ReadInt64())));
    }

    public static void Write<T>(BinaryWriter writer, T value)
    {
        if (ItemOfBuffer<T>() is { } item)
            Utils.MarshalActionInvoke(WriteBuffer<int>, item, writer, (object)value);
        else
            ((Action<BinaryWriter, T>)_scalars[typeof(T)].Write)(writer, value);
    }

    public static T Read<T>(BinaryReader reader) => ItemOfBuffer<T>() is { } item
        ? (T)Utils.MarshalInvoke(ReadBuffer<int>, item, reader)
        : ((Func<BinaryReader, T>)_scalars[typeof(T)].Read)(reader);

    private static void Add<T>(Action<BinaryWriter, T> write, Func<BinaryReader, T> read) => _scalars.Add(typeof(T), (write, read));

    private static Type ItemOfBuffer<T>() =>
        typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(VBuffer<>) ? typeof(T).GetGenericArguments()[0] : null;

    private static void WriteBuffer<T>(BinaryWriter writer, object boxed)
    {
        var buffer = (VBuffer<T>)boxed;
        ReadOnlySpan<T> values = buffer.GetValues();
        writer.Write(buffer.Length);
        writer.Write(values.Length);
        foreach (T value in values)
            Write(writer, value);
        foreach (int index in buffer.GetIndices())
            writer.Write(index);
    }

    private static object ReadBuffer<T>(BinaryReader reader)
    {
        int length = reader.ReadInt32(), count = reader.ReadInt32();
        Contracts.CheckDecode(length >= 0 && count >= 0 && count <= length);
        T[] values = Utils.BuildArray(count, _ => Read<T>(reader));
        return new VBuffer<T>(length, count, values, count == length ? null : Utils.BuildArray(count, _ => reader.ReadInt32()));
    }
}
