// Reads one column's value from a row's fields, once a row, and hands it to whoever asks.
namespace Microsoft.ML.Data;

internal abstract class TextColumnReader
{
    /// <summary>What a cursor gives as the column's getter.</summary>
    internal abstract Delegate Getter { get; }

    /// <summary>Reads the row's value; a text that is no value of the column's type throws.</summary>
    internal abstract void Read(long line, List<ReadOnlyMemory<char>> fields);

    internal static TextColumnReader Create(TextColumn column, TextFormat format)
    {
        Type type = column.ItemType.RawType;
        if (column.ItemType is KeyDataViewType { Count: var keys })
        {
            return Type.GetTypeCode(type) switch
            {
                TypeCode.Byte => Create(column, TextValue.Key(keys, v => (byte)v)),
                TypeCode.UInt16 => Create(column, TextValue.Key(keys, v => (ushort)v)),
                TypeCode.UInt32 => Create(column, TextValue.Key(keys, v => (uint)v)),
                _ => Create(column, TextValue.Key(keys, v => v)),
            };
        }
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Single => Create(column, TextValue.Single(format.MissingRealsAsNaNs, format.DecimalMarker)),
            TypeCode.Double => Create(column, TextValue.Double(format.MissingRealsAsNaNs, format.DecimalMarker)),
            TypeCode.Boolean => Create<bool>(column, TextValue.TryBoolean),
            TypeCode.DateTime => Create<DateTime>(column, TextValue.TryDateTime),
            TypeCode.SByte => Create<sbyte>(column, TextValue.TryInteger),
            TypeCode.Byte => Create<byte>(column, TextValue.TryInteger),
            TypeCode.Int16 => Create<short>(column, TextValue.TryInteger),
            TypeCode.UInt16 => Create<ushort>(column, TextValue.TryInteger),
            TypeCode.Int32 => Create<int>(column, TextValue.TryInteger),
            TypeCode.UInt32 => Create<uint>(column, TextValue.TryInteger),
            TypeCode.Int64 => Create<long>(column, TextValue.TryInteger),
            TypeCode.UInt64 => Create<ulong>(column, TextValue.TryInteger),
            _ when type == typeof(DateTimeOffset) => Create<DateTimeOffset>(column, TextValue.TryDateTimeOffset),
            _ when type == typeof(TimeSpan) => Create<TimeSpan>(column, TextValue.TryTimeSpan),
            _ => Create(column, TextValue.Text),
        };
    }

    private static TextColumnReader Create<T>(TextColumn column, TextParser<T> parser) =>
        column.Type is VectorDataViewType ? new Vector<T>(column, parser) : new Scalar<T>(column, parser);

    private static T Parse<T>(TextColumn column, int slot, long line, List<ReadOnlyMemory<char>> fields, TextParser<T> parser)
    {
        int field = column.Fields[slot];
        ReadOnlyMemory<char> text = field < fields.Count ? fields[field] : default;
        if (!parser(text, out T value))
            throw new InvalidOperationException($"Could not parse value {text} in line {line}, column {column.Name}");
        return value;
    }

    private sealed class Scalar<T>(TextColumn column, TextParser<T> parser) : TextColumnReader
    {
        private T _value = default;

        internal override Delegate Getter => (ValueGetter<T>)((ref T value) => value = _value);

        internal override void Read(long line, List<ReadOnlyMemory<char>> fields) => _value = Parse(column, 0, line, fields, parser);
    }

    private sealed class Vector<T>(TextColumn column, TextParser<T> parser) : TextColumnReader
    {
        private readonly T[] _values = new T[column.Fields.Length];

        internal override Delegate Getter => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
        {
            VBufferEditor<T> editor = VBufferEditor.Create(ref value, _values.Length);
            _values.CopyTo(editor.Values);
            value = editor.Commit();
        });

        internal override void Read(long line, List<ReadOnlyMemory<char>> fields)
        {
            for (int slot = 0; slot < _values.Length; slot++)
                _values[slot] = Parse(column, slot, line, fields, parser);
        }
    }
}
