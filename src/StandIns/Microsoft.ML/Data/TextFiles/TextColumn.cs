// One column of a text file: its type, the fields that it is read from, and the declarations by attribute that it can come from.
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class TextColumn
{
    /// <param name="context">Who complains.</param>
    /// <param name="column">The caller's description.</param>
    /// <param name="fieldCount">Fields of a sample row, for ranges without an end; null where no sample was given.</param>
    internal TextColumn(IExceptionContext context, TextLoader.Column column, int? fieldCount)
    {
        context.CheckUserArg(column.Name is { Length: > 0 }, nameof(column.Name), "Every column needs a name");
        context.CheckUserArg(column.Source is { Length: > 0 }, nameof(column.Source), $"Column '{column.Name}' names no fields to read from");
        Name = column.Name;
        Kind = column.Type;
        var fields = new List<int>();
        foreach (TextLoader.Range range in column.Source)
        {
            int last = range.Max ?? fieldCount - 1 ?? throw context.ExceptUserArg(nameof(column.Source), "Can't determine the number of source columns without valid data");
            fields.AddRange(Enumerable.Range(range.Min, Math.Max(0, last - range.Min + 1)));
        }
        Fields = [.. fields];
        ItemType = column.KeyCount is { } keys ? KeyTypeOf(context, Kind, keys) : TypeOf(context, Kind);
        bool isVector = Fields.Length != 1 || column.Source.Any(r => r.ForceVector);
        Type = isVector ? new VectorDataViewType(ItemType, Fields.Length) : ItemType;
    }

    internal string Name { get; }

    internal InternalDataKind Kind { get; }

    /// <summary>Numbers, from 0, of the fields, one a slot.</summary>
    internal int[] Fields { get; }

    internal PrimitiveDataViewType ItemType { get; }

    internal DataViewType Type { get; }

    /// <summary>The header's texts as names of a vector's slots, or null for a scalar or without a header.</summary>
    internal DataViewSchema.Annotations SlotNames(ReadOnlyMemory<char>[] header)
    {
        if (header is null || Type is not VectorDataViewType)
            return null;
        var names = new VBuffer<ReadOnlyMemory<char>>(Fields.Length, Fields.Select(f => f < header.Length ? header[f] : default).ToArray());
        var builder = new DataViewSchema.Annotations.Builder();
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter = (ref VBuffer<ReadOnlyMemory<char>> value) => names.CopyTo(ref value);
        builder.Add("SlotNames", new VectorDataViewType(TextDataViewType.Instance, Fields.Length), getter);
        return builder.ToAnnotations();
    }

    /// <summary>The columns that the fields and properties of <paramref name="rowType"/> declare.</summary>
    internal static TextLoader.Column[] Declared(IExceptionContext context, Type rowType)
    {
        const BindingFlags Visible = BindingFlags.Public | BindingFlags.Instance;
        var members = rowType.GetFields(Visible).Select(f => (Member: (MemberInfo)f, Type: f.FieldType)).Concat(
            rowType.GetProperties(Visible).Where(p => p is { CanRead: true, CanWrite: true } && p.GetIndexParameters().Length == 0).Select(p => (Member: (MemberInfo)p, Type: p.PropertyType)));
        return members.Where(m => !m.Member.IsDefined(typeof(NoColumnAttribute))).Select(m => Declared(context, m.Member, m.Type)).ToArray();
    }

    private static TextLoader.Column Declared(IExceptionContext context, MemberInfo member, Type type)
    {
        LoadColumnAttribute load = member.GetCustomAttribute<LoadColumnAttribute>()
            ?? throw context.Except($"{(member is FieldInfo ? "Field" : "Property")} '{member.Name}' is missing the {nameof(LoadColumnAttribute)} attribute");
        Type item = type.IsArray ? type.GetElementType() : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(VBuffer<>) ? type.GetGenericArguments()[0] : type;
        return new TextLoader.Column
        {
            Name = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name,
            Source = [.. load.Sources],
            Type = KindOf(item) ?? throw context.Except($"Member '{member.Name}' is of type {type.Name}, which cannot be read from text; use a number, string, bool, DateTime or TimeSpan, or an array of those"),
            KeyCount = member.GetCustomAttribute<KeyTypeAttribute>()?.KeyCount,
        };
    }

    private static InternalDataKind? KindOf(Type type) =>
        type == typeof(string) || type == typeof(ReadOnlyMemory<char>) ? InternalDataKind.TX
        : type == typeof(float) ? InternalDataKind.R4
        : type == typeof(double) ? InternalDataKind.R8
        : type == typeof(bool) ? InternalDataKind.BL
        : type == typeof(sbyte) ? InternalDataKind.I1
        : type == typeof(byte) ? InternalDataKind.U1
        : type == typeof(short) ? InternalDataKind.I2
        : type == typeof(ushort) ? InternalDataKind.U2
        : type == typeof(int) ? InternalDataKind.I4
        : type == typeof(uint) ? InternalDataKind.U4
        : type == typeof(long) ? InternalDataKind.I8
        : type == typeof(ulong) ? InternalDataKind.U8
        : type == typeof(DateTime) ? InternalDataKind.DT
        : type == typeof(DateTimeOffset) ? InternalDataKind.DZ
        : type == typeof(TimeSpan) ? InternalDataKind.TS
        : null;

    private static PrimitiveDataViewType TypeOf(IExceptionContext context, InternalDataKind kind) => kind switch
    {
        InternalDataKind.TX => TextDataViewType.Instance,
        InternalDataKind.R4 => NumberDataViewType.Single,
        InternalDataKind.R8 => NumberDataViewType.Double,
        InternalDataKind.BL => BooleanDataViewType.Instance,
        InternalDataKind.I1 => NumberDataViewType.SByte,
        InternalDataKind.U1 => NumberDataViewType.Byte,
        InternalDataKind.I2 => NumberDataViewType.Int16,
        InternalDataKind.U2 => NumberDataViewType.UInt16,
        InternalDataKind.I4 => NumberDataViewType.Int32,
        InternalDataKind.U4 => NumberDataViewType.UInt32,
        InternalDataKind.I8 => NumberDataViewType.Int64,
        InternalDataKind.U8 => NumberDataViewType.UInt64,
        InternalDataKind.DT => DateTimeDataViewType.Instance,
        InternalDataKind.DZ => DateTimeOffsetDataViewType.Instance,
        InternalDataKind.TS => TimeSpanDataViewType.Instance,
        _ => throw context.ExceptNotSupp($"Text files hold no values of kind {kind}."),
    };

    private static KeyDataViewType KeyTypeOf(IExceptionContext context, InternalDataKind kind, KeyCount keys)
    {
        ulong largest = kind switch
        {
            InternalDataKind.U1 => byte.MaxValue,
            InternalDataKind.U2 => ushort.MaxValue,
            InternalDataKind.U4 => uint.MaxValue,
            InternalDataKind.U8 => ulong.MaxValue,
            _ => throw context.ExceptUserArg(nameof(TextLoader.Column.KeyCount), $"A key is of an unsigned type, not of kind {kind}"),
        };
        return new KeyDataViewType(TypeOf(context, kind).RawType, keys.Count ?? largest);
    }
}
