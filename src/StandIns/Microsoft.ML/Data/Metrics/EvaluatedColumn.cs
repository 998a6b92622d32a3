// Finds, checks and reads the columns that an evaluation needs.
using System.Globalization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal static class EvaluatedColumn
{
    internal static DataViewSchema.Column Find(DataViewSchema schema, string name, string role) =>
        // The column's name stands where the role should, and the other way round: that is how the message reads.
        schema.GetColumnOrNull(name) ?? throw Contracts.ExceptParam(nameof(schema), $"{name} column '{role}' not found");

    internal static void Check(DataViewSchema.Column column, string role, string expected, bool isExpected)
    {
        if (!isExpected)
            throw Contracts.ExceptSchemaMismatch("schema", role, column.Name, expected, column.Type.ToString());
    }

    /// <summary>Reads a number, a truth value (1 or 0) or a key's index from 0; missing is NaN.</summary>
    internal static Func<double> NumberGetter(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is KeyDataViewType key)
        {
            return Type.GetTypeCode(key.RawType) switch
            {
                TypeCode.Byte => Getter<byte>(row, column, k => k == 0 ? double.NaN : k - 1),
                TypeCode.UInt16 => Getter<ushort>(row, column, k => k == 0 ? double.NaN : k - 1),
                TypeCode.UInt32 => Getter<uint>(row, column, k => k == 0 ? double.NaN : k - 1),
                _ => Getter<ulong>(row, column, k => k == 0 ? double.NaN : k - 1),
            };
        }
        return Type.GetTypeCode(column.Type.RawType) switch
        {
            TypeCode.Boolean => Getter<bool>(row, column, b => b ? 1 : 0),
            TypeCode.Double => Getter<double>(row, column, v => v),
            _ => Getter<float>(row, column, v => v),
        };
    }

    /// <summary>The names of a score's slots, or their numbers where they have none.</summary>
    internal static IReadOnlyList<ReadOnlyMemory<char>> SlotNames(DataViewSchema.Column score, int count)
    {
        DataViewSchema.Column? annotation = score.Annotations.Schema.GetColumnOrNull("SlotNames");
        if (annotation?.Type is not VectorDataViewType { ItemType: TextDataViewType } type || type.Size != count)
            return Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture).AsMemory()).ToArray();
        VBuffer<ReadOnlyMemory<char>> names = default;
        score.Annotations.GetValue("SlotNames", ref names);
        return names.DenseValues().ToArray();
    }

    private static Func<double> Getter<T>(DataViewRow row, DataViewSchema.Column column, Func<T, double> toNumber)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return toNumber(value);
        };
    }
}
