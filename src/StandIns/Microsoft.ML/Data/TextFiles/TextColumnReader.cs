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
        if (column.ItemType is KeyDataViewType key)
        {
            return column.Kind switch
            {
                InternalDataKind.U1 => Create(column, TextValue.Key(key.Count, v => (byte)v)),
                InternalDataKind.U2 => Create(column, TextValue.Key(key.Count, v => (ushort)v)),
                InternalDataKind.U4 => Create(column, TextValue.Key(key.Count, v => (uint)v)),
                _ => Create(column, TextValue.Key(key.Count, v => v)),
            };
        }
        return column.Kind switch
        {
            InternalDataKind.TX => Create(column, TextValue.Text),
            InternalDataKind.R4 => Create(column, TextValue.Single(format.MissingRealsAsNaNs, format.DecimalMarker)),
            InternalDataKind.R8 => Create(column, TextValue.Double(format.MissingRealsAsNaNs, format.DecimalMarker)),
            InternalDataKind.BL => Create<bool>(column, TextValue.TryBoolean),
            InternalDataKind.DT => Create<DateTime>(column, TextValue.TryDateTime),
            InternalDataKind.DZ => Create<DateTimeOffset>(column, TextValue.TryDateTimeOffset),
            InternalDataKind.TS => Create<TimeSpan>(column, TextValue.TryTimeSpan),
            InternalDataKind.I1 => Create<sbyte>(column, TextValue.TryInteger),
            InternalDataKind.U1 => Create<byte>(column, TextValue.TryInteger),
            InternalDataKind.I2 => Create<short>(column, TextValue.TryInteger),
            InternalDataKind.U2 => Create<ushort>(column, TextValue.TryInteger),
            InternalDataKind.I4 => Create<int>(column, TextValue.TryInteger),
            InternalDataKind.U4 => Create<uint>(column, TextValue.TryInteger),
            InternalDataKind.I8 => Create<long>(column, TextValue.TryInteger),
            _ => Create<ulong>(column, TextValue.TryInteger),
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
