// How a .NET member's type and attributes determine a column's type.
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal static class MemberTypes
{
    public static Type TypeOf(MemberInfo member) => member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;

    /// <summary>The type of one item as views hold it, and whether the member holds many.</summary>
    public static (Type Item, bool IsVector) ItemOf(Type memberType)
    {
        (Type item, bool isVector) = memberType switch
        {
            { IsArray: true } => (memberType.GetElementType(), true),
            { IsGenericType: true } when memberType.GetGenericTypeDefinition() == typeof(VBuffer<>) => (memberType.GetGenericArguments()[0], true),
            _ => (memberType, false),
        };
        return (item == typeof(string) ? typeof(ReadOnlyMemory<char>) : item, isVector);
    }

    public static DataViewType ColumnType(MemberInfo member)
    {
        (Type item, bool isVector) = ItemOf(TypeOf(member));
        PrimitiveDataViewType itemType = ColumnTypeExtensions.PrimitiveTypeFromType(item)
            ?? throw Contracts.ExceptParam("rawType", $"Could not determine an IDataView type and registered custom types for member {member.Name}");
        if (member.GetCustomAttribute<KeyTypeAttribute>() is { } key)
            itemType = new KeyDataViewType(item, key.Count ?? Largest(item));
        if (!isVector)
            return itemType;
        int[] dimensions = member.GetCustomAttribute<VectorTypeAttribute>()?.Dims;
        return dimensions is { Length: > 0 } ? new VectorDataViewType(itemType, dimensions) : new VectorDataViewType(itemType);
    }

    private static ulong Largest(Type keyType) => Type.GetTypeCode(keyType) switch
    {
        TypeCode.Byte => byte.MaxValue,
        TypeCode.UInt16 => ushort.MaxValue,
        TypeCode.UInt32 => uint.MaxValue,
        _ => ulong.MaxValue,
    };
}
