// Reads one column of a view as a sequence of .NET values.
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public static class ColumnCursorExtensions
{
    public static IEnumerable<T> GetColumn<T>(this IDataView data, string columnName)
    {
        Contracts.CheckValue(data, nameof(data));
        Contracts.CheckNonEmpty(columnName, nameof(columnName));
        return data.GetColumn<T>(data.Schema[columnName]);
    }

    public static IEnumerable<T> GetColumn<T>(this IDataView data, DataViewSchema.Column column)
    {
        Contracts.CheckValue(data, nameof(data));
        DataViewType type = column.Type;
        if (type.RawType == typeof(T))
            return Read<T>(data, column);
        if (type is TextDataViewType && typeof(T) == typeof(string))
            return (IEnumerable<T>)Read<ReadOnlyMemory<char>>(data, column).Select(t => t.ToString());
        if (!typeof(T).IsArray)
            throw Contracts.ExceptParam(nameof(column), $"Cannot map column (name: {column.Name}, type: {type}) in data to the user-defined type, {typeof(T)}.");
        if (type is VectorDataViewType { ItemType: TextDataViewType } && typeof(T) == typeof(string[]))
            return (IEnumerable<T>)Read<VBuffer<ReadOnlyMemory<char>>>(data, column).Select(v => v.DenseValues().Select(t => t.ToString()).ToArray());
        if (type is VectorDataViewType vector && typeof(T).GetElementType() == vector.ItemType.RawType)
            return (IEnumerable<T>)Utils.MarshalInvoke(ReadArrays<int>, vector.ItemType.RawType, data, column);
        throw Contracts.ExceptParam(nameof(column), $"Cannot load vector type, {type}, specified in column to the user-defined type, {typeof(T)}.");
    }

    private static IEnumerable<T> Read<T>(IDataView data, DataViewSchema.Column column)
    {
        using DataViewRowCursor cursor = data.GetRowCursor([column]);
        ValueGetter<T> getter = cursor.GetGetter<T>(column);
        while (cursor.MoveNext())
        {
            T value = default;
            getter(ref value);
            yield return value;
        }
    }

    private static object ReadArrays<T>(IDataView data, DataViewSchema.Column column) => Read<VBuffer<T>>(data, column).Select(v => v.DenseValues().ToArray());
}
