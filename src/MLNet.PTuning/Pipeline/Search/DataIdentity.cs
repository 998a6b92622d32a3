// A hash of a data view's columns, by which a search recognizes the rows that it was started on.
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

internal static class DataIdentity
{
    /// <summary>Number of rows and a hash of their values in the named columns; absent columns are ignored: training reports them.</summary>
    public static string Of(IDataView data, IEnumerable<string> columnNames)
    {
        DataViewSchema.Column[] columns = [.. columnNames.Select(data.Schema.GetColumnOrNull).OfType<DataViewSchema.Column>()];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var cursor = data.GetRowCursor(columns);
        Func<string>[] readers = [.. columns.Select(c => Reader(cursor, c))];
        long rows = 0;
        for (; cursor.MoveNext(); rows++)
            foreach (var read in readers)
            {
                byte[] value = Encoding.UTF8.GetBytes(read());
                hash.AppendData(BitConverter.GetBytes(value.Length));
                hash.AppendData(value);
            }
        return $"{rows} of content {Convert.ToHexStringLower(hash.GetHashAndReset())[..16]}";
    }

    private static Func<string> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        var vector = column.Type as VectorDataViewType;
        var method = typeof(DataIdentity).GetMethod(vector is null ? nameof(Scalar) : nameof(Vector), BindingFlags.NonPublic | BindingFlags.Static)!;
        return (Func<string>)method.MakeGenericMethod((vector?.ItemType ?? column.Type).RawType).Invoke(null, [row, column])!;
    }

    private static Func<string> Scalar<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return Text(value);
        };
    }

    private static Func<string> Vector<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> values = default;
        return () =>
        {
            getter(ref values);
            return string.Join('\0', values.DenseValues().Select(Text));
        };
    }

    private static string Text<T>(T value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
