// Tests whether a row's value of a column is missing: NaN, or a key of 0; a vector's where any of its items is.
using System.Numerics;

namespace Microsoft.ML.Data;

internal static class MissingValues
{
    /// <summary>What makes the test for a row, or null where the column's type has no missing value.</summary>
    internal static Func<DataViewRow, Func<bool>> Test(DataViewSchema.Column column)
    {
        DataViewType item = column.Type.GetItemType();
        bool isVector = column.Type is VectorDataViewType;
        if (item == NumberDataViewType.Single)
            return Test<float>(column, isVector, float.IsNaN);
        if (item == NumberDataViewType.Double)
            return Test<double>(column, isVector, double.IsNaN);
        if (item is not KeyDataViewType)
            return null;
        return Type.GetTypeCode(item.RawType) switch
        {
            TypeCode.Byte => TestKey<byte>(column, isVector),
            TypeCode.UInt16 => TestKey<ushort>(column, isVector),
            TypeCode.UInt32 => TestKey<uint>(column, isVector),
            _ => TestKey<ulong>(column, isVector),
        };
    }

    private static Func<DataViewRow, Func<bool>> TestKey<T>(DataViewSchema.Column column, bool isVector)
        where T : INumber<T> => Test<T>(column, isVector, T.IsZero);

    private static Func<DataViewRow, Func<bool>> Test<T>(DataViewSchema.Column column, bool isVector, Func<T, bool> isMissing) => isVector
        ? ColumnReading.Getter<VBuffer<T>, bool>(column, v => v.DenseValues().Any(isMissing))
        : ColumnReading.Getter(column, isMissing);
}
