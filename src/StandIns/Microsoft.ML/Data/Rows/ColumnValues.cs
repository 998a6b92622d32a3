// Holds values of one column, by row number, and gives them out again.
using Microsoft.ML.Internal.Utilities;

namespace Microsoft.ML.Data;

internal abstract class ColumnValues
{
    internal static ColumnValues Create(DataViewType type) => type is VectorDataViewType vector
        ? Utils.MarshalInvoke(CreateVector<int>, vector.ItemType.RawType)
        : Utils.MarshalInvoke(CreateScalar<int>, type.RawType);

    /// <summary>What keeps the current value of <paramref name="column"/> as that of a row number at most one above the last.</summary>
    internal abstract Action<int> Recorder(DataViewRow row, DataViewSchema.Column column);

    /// <summary>A getter of the value that <paramref name="row"/> names when it is called.</summary>
    internal abstract Delegate Getter(Func<int> row);

    private static ColumnValues CreateScalar<T>() => new Scalar<T>();

    private static ColumnValues CreateVector<T>() => new Vector<T>();

    private static void Keep<T>(List<T> values, int index, T value)
    {
        if (index == values.Count)
            values.Add(value);
        else
            values[index] = value;
    }

    private sealed class Scalar<T> : ColumnValues
    {
        private readonly List<T> _values = [];

        internal override Action<int> Recorder(DataViewRow row, DataViewSchema.Column column)
        {
            ValueGetter<T> getter = row.GetGetter<T>(column);
            return index =>
            {
                T value = default;
                getter(ref value);
                Keep(_values, index, value);
            };
        }

        internal override Delegate Getter(Func<int> row) => (ValueGetter<T>)((ref T value) => value = _values[row()]);
    }

    private sealed class Vector<T> : ColumnValues
    {
        private readonly List<VBuffer<T>> _values = [];

        internal override Action<int> Recorder(DataViewRow row, DataViewSchema.Column column)
        {
            ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(column);
            return index =>
            {
                VBuffer<T> value = default;
                getter(ref value);
                Keep(_values, index, value);
            };
        }

        internal override Delegate Getter(Func<int> row) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => _values[row()].CopyTo(ref value));
    }
}
