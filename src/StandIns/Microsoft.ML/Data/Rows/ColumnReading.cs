// Reads a column's values through a function, for tests and numberings of rows.
namespace Microsoft.ML.Data;

internal static class ColumnReading
{
    internal static Func<DataViewRow, Func<TResult>> Getter<T, TResult>(DataViewSchema.Column column, Func<T, TResult> convert) => row =>
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return convert(value);
        };
    };
}
