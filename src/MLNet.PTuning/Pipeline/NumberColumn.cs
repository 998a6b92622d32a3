// Reads columns of numbers of any type.
using Microsoft.ML;

namespace MLNet.PTuning.Pipeline;

internal static class NumberColumn
{
    /// <summary>A function that reads the number of the current row of <paramref name="row"/>.</summary>
    public static Func<double> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        return Type.GetTypeCode(column.Type.RawType) switch
        {
            TypeCode.SByte => Of<sbyte>(n => n),
            TypeCode.Byte => Of<byte>(n => n),
            TypeCode.Int16 => Of<short>(n => n),
            TypeCode.UInt16 => Of<ushort>(n => n),
            TypeCode.Int32 => Of<int>(n => n),
            TypeCode.UInt32 => Of<uint>(n => n),
            TypeCode.Int64 => Of<long>(n => n),
            TypeCode.UInt64 => Of<ulong>(n => n),
            TypeCode.Single => Of<float>(n => n),
            _ => Of<double>(n => n),
        };

        Func<double> Of<T>(Func<T, double> widen)
        {
            var getter = row.GetGetter<T>(column);
            T value = default!;
            return () =>
            {
                getter(ref value);
                return widen(value);
            };
        }
    }
}
