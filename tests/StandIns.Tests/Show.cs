// Describes Microsoft.ML objects (schemas, rows, annotations) as plain values, through its public API only.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests;

/// <summary>Readers of Microsoft.ML objects for scenarios.</summary>
public static class Show
{
    /// <summary>One line a column: "name: type", "(hidden)" where another column of the name follows, and the annotations.</summary>
    public static string[] Schema(DataViewSchema schema) => schema.Select(Column).ToArray();

    /// <summary>One line as in <see cref="Schema"/>.</summary>
    public static string Column(DataViewSchema.Column column)
    {
        string annotations = string.Join(", ", column.Annotations.Schema.Select(a => $"{a.Name}: {a.Type}"));
        return $"{column.Name}: {column.Type}{(column.IsHidden ? " (hidden)" : "")}{(annotations.Length == 0 ? "" : $" [{annotations}]")}";
    }

    /// <summary>One line a column of a shape: name, kind, item type, key or not, annotations.</summary>
    public static string[] Shape(SchemaShape shape) => shape.Select(c =>
    {
        string annotations = string.Join(", ", c.Annotations.Select(a => $"{a.Name}: {a.Kind} {a.ItemType}{(a.IsKey ? " key" : "")}"));
        return $"{c.Name}: {c.Kind} {c.ItemType}{(c.IsKey ? " key" : "")}{(annotations.Length == 0 ? "" : $" [{annotations}]")}";
    }).ToArray();

    /// <summary>All rows' values of the named columns, or of all visible columns where none is named.</summary>
    public static object?[][] Rows(IDataView view, params string[] columns)
    {
        var chosen = columns.Length == 0 ? view.Schema.Where(c => !c.IsHidden).ToList() : columns.Select(n => view.Schema[n]).ToList();
        using DataViewRowCursor cursor = view.GetRowCursor(chosen);
        return Rows(cursor, chosen);
    }

    /// <summary>What is left of a cursor.</summary>
    public static object?[][] Rows(DataViewRowCursor cursor, IReadOnlyList<DataViewSchema.Column> columns)
    {
        var readers = columns.Select(c => Reader(cursor, c)).ToArray();
        var rows = new List<object?[]>();
        while (cursor.MoveNext())
            rows.Add(readers.Select(r => r()).ToArray());
        return rows.ToArray();
    }

    /// <summary>All values of one column.</summary>
    public static object?[] Values(IDataView view, string column) => Rows(view, column).Select(r => r[0]).ToArray();

    /// <summary>The value of an annotation, or null where the column has none of the name.</summary>
    public static object? Annotation(DataViewSchema.Column column, string name)
    {
        if (column.Annotations.Schema.GetColumnOrNull(name) is not { } annotation)
            return null;
        return annotation.Type switch
        {
            VectorDataViewType { ItemType: TextDataViewType } => Vector<ReadOnlyMemory<char>>(column, name, v => v.ToString()),
            VectorDataViewType { ItemType: NumberDataViewType n } when n == NumberDataViewType.Single => Vector<float>(column, name, v => v),
            VectorDataViewType { ItemType: NumberDataViewType n } when n == NumberDataViewType.Int32 => Vector<int>(column, name, v => v),
            TextDataViewType => Scalar<ReadOnlyMemory<char>>(column, name).ToString(),
            BooleanDataViewType => Scalar<bool>(column, name),
            KeyDataViewType => Scalar<uint>(column, name),
            var other => $"a value of type {other}",
        };
    }

    /// <summary>What gives the row's value of <paramref name="column"/> as a plain object: text, number, bool, or an array.</summary>
    public static Func<object?> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        Type raw = column.Type is VectorDataViewType vector ? vector.ItemType.RawType : column.Type.RawType;
        bool many = column.Type is VectorDataViewType;
        if (raw == typeof(ReadOnlyMemory<char>)) return Reader<ReadOnlyMemory<char>>(row, column, many, v => v.ToString());
        if (raw == typeof(float)) return Reader<float>(row, column, many, v => v);
        if (raw == typeof(double)) return Reader<double>(row, column, many, v => v);
        if (raw == typeof(bool)) return Reader<bool>(row, column, many, v => v);
        if (raw == typeof(sbyte)) return Reader<sbyte>(row, column, many, v => v);
        if (raw == typeof(byte)) return Reader<byte>(row, column, many, v => (int)v);
        if (raw == typeof(short)) return Reader<short>(row, column, many, v => v);
        if (raw == typeof(ushort)) return Reader<ushort>(row, column, many, v => v);
        if (raw == typeof(int)) return Reader<int>(row, column, many, v => v);
        if (raw == typeof(uint)) return Reader<uint>(row, column, many, v => v);
        if (raw == typeof(long)) return Reader<long>(row, column, many, v => v);
        if (raw == typeof(ulong)) return Reader<ulong>(row, column, many, v => v);
        if (raw == typeof(DateTime)) return Reader<DateTime>(row, column, many, v => v.ToString("o"));
        if (raw == typeof(TimeSpan)) return Reader<TimeSpan>(row, column, many, v => v.ToString("c"));
        if (raw == typeof(DataViewRowId)) return Reader<DataViewRowId>(row, column, many, v => v.ToString());
        throw new NotSupportedException($"No reader for {column.Type}");
    }

    /// <summary>A text annotation or any other text vector as strings.</summary>
    public static string[] Texts(VBuffer<ReadOnlyMemory<char>> values) => values.DenseValues().Select(v => v.ToString()).ToArray();

    private static Func<object?> Reader<T>(DataViewRow row, DataViewSchema.Column column, bool many, Func<T, object?> show)
    {
        if (!many)
        {
            ValueGetter<T> getter = row.GetGetter<T>(column);
            T value = default!;
            return () =>
            {
                getter(ref value);
                return show(value);
            };
        }
        ValueGetter<VBuffer<T>> vectorGetter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> buffer = default;
        return () =>
        {
            vectorGetter(ref buffer);
            return buffer.DenseValues().Select(show).ToArray();
        };
    }

    private static T Scalar<T>(DataViewSchema.Column column, string name)
    {
        T value = default!;
        column.Annotations.GetValue(name, ref value);
        return value;
    }

    private static object?[] Vector<T>(DataViewSchema.Column column, string name, Func<T, object?> show)
    {
        VBuffer<T> value = default;
        column.Annotations.GetValue(name, ref value);
        return value.DenseValues().Select(show).ToArray();
    }
}
