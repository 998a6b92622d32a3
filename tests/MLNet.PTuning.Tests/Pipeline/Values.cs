// Reads columns of any type as text, so that tests can compare whole rows.
using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Tests.Pipeline;

internal static class Values
{
    /// <summary>A function that returns the value of <paramref name="column"/> in the current row of <paramref name="row"/>.</summary>
    public static Func<string> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        bool vector = column.Type is VectorDataViewType;
        var item = vector ? ((VectorDataViewType)column.Type).ItemType.RawType : column.Type.RawType;
        var method = typeof(Values).GetMethod(vector ? nameof(OfVector) : nameof(OfScalar), BindingFlags.NonPublic | BindingFlags.Static)!;
        return (Func<string>)method.MakeGenericMethod(item).Invoke(null, [row, column])!;
    }

    /// <summary>The values of the named columns, a row a list, read by one cursor.</summary>
    public static List<string[]> Rows(IDataView data, params IEnumerable<string> columns) => Rows(data, null, columns);

    /// <inheritdoc cref="Rows(IDataView, IEnumerable{string})"/>
    public static List<string[]> Rows(IDataView data, Random? shuffle, IEnumerable<string> columns)
    {
        var selected = columns.Select(c => data.Schema[c]).ToList();
        using var cursor = data.GetRowCursor(selected, shuffle);
        var readers = selected.Select(c => Reader(cursor, c)).ToList();
        var rows = new List<string[]>();
        while (cursor.MoveNext()) rows.Add([.. readers.Select(r => r())]);
        return rows;
    }

    private static Func<string> OfScalar<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return Text(value);
        };
    }

    private static Func<string> OfVector<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> value = default;
        return () =>
        {
            getter(ref value);
            return $"{value.Length}: {string.Join(", ", value.DenseValues().Select(Text))}";
        };
    }

    // "R" distinguishes floats to the last bit.
    private static string Text<T>(T value) => value switch
    {
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
