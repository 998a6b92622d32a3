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
                TypeCode.Byte => ColumnReading.Getter<byte, double>(column, k => k == 0 ? double.NaN : k - 1)(row),
                TypeCode.UInt16 => ColumnReading.Getter<ushort, double>(column, k => k == 0 ? double.NaN : k - 1)(row),
                TypeCode.UInt32 => ColumnReading.Getter<uint, double>(column, k => k == 0 ? double.NaN : k - 1)(row),
                _ => ColumnReading.Getter<ulong, double>(column, k => k == 0 ? double.NaN : k - 1)(row),
            };
        }
        return Type.GetTypeCode(column.Type.RawType) switch
        {
            TypeCode.Boolean => ColumnReading.Getter<bool, double>(column, b => b ? 1 : 0)(row),
            TypeCode.Double => ColumnReading.Getter<double, double>(column, v => v)(row),
            _ => ColumnReading.Getter<float, double>(column, v => v)(row),
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
}
