// Questions about column types that scalars, vectors and keys answer alike.
namespace Microsoft.ML.Data;

internal static class ColumnTypeExtensions
{
    private static readonly Dictionary<Type, PrimitiveDataViewType> _primitives = new PrimitiveDataViewType[]
    {
        TextDataViewType.Instance, BooleanDataViewType.Instance, DateTimeDataViewType.Instance, DateTimeOffsetDataViewType.Instance,
        TimeSpanDataViewType.Instance, RowIdDataViewType.Instance, NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16,
        NumberDataViewType.UInt16, NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
        NumberDataViewType.Single, NumberDataViewType.Double,
    }.ToDictionary(t => t.RawType);

    /// <summary>A vector's item type; any other type itself.</summary>
    public static DataViewType GetItemType(this DataViewType columnType) => columnType is VectorDataViewType vector ? vector.ItemType : columnType;

    /// <summary>0 where it is no vector or one of unknown size.</summary>
    public static int GetVectorSize(this DataViewType columnType) => (columnType as VectorDataViewType)?.Size ?? 0;

    /// <summary>1 for a scalar, a vector's size else.</summary>
    public static int GetValueCount(this DataViewType columnType) => (columnType as VectorDataViewType)?.Size ?? 1;

    /// <summary>0 where it is no key.</summary>
    public static ulong GetKeyCount(this DataViewType columnType) => (columnType as KeyDataViewType)?.Count ?? 0;

    /// <summary>The column type whose values are of <paramref name="type"/>, or null.</summary>
    public static PrimitiveDataViewType PrimitiveTypeFromType(Type type) => _primitives.GetValueOrDefault(type);
}
