// One column of a text file: its type, the fields that it is read from, and the declarations by attribute that it can come from.
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class TextColumn
{
    private static readonly Dictionary<DataKind, Type> _types = new()
    {
        [DataKind.SByte] = typeof(sbyte),
        [DataKind.Byte] = typeof(byte),
        [DataKind.Int16] = typeof(short),
        [DataKind.UInt16] = typeof(ushort),
        [DataKind.Int32] = typeof(int),
        [DataKind.UInt32] = typeof(uint),
        [DataKind.Int64] = typeof(long),
        [DataKind.UInt64] = typeof(ulong),
        [DataKind.Single] = typeof(float),
        [DataKind.Double] = typeof(double),
        [DataKind.String] = typeof(ReadOnlyMemory<char>),
        [DataKind.Boolean] = typeof(bool),
        [DataKind.TimeSpan] = typeof(TimeSpan),
        [DataKind.DateTime] = typeof(DateTime),
        [DataKind.DateTimeOffset] = typeof(DateTimeOffset),
    };

    /// <param name="context">Who complains.</param>
    /// <param name="column">The caller's description.</param>
    /// <param name="fieldCount">Fields of a sample row, for ranges without an end; null where no sample was given.</param>
    internal TextColumn(IExceptionContext context, TextLoader.Column column, int? fieldCount)
    {
        context.CheckUserArg(column.Name is { Length: > 0 }, nameof(column.Name), "Every column needs a name");
        context.CheckUserArg(column.Source is { Length: > 0 }, nameof(column.Source), $"Column '{column.Name}' names no fields to read from");
        Name = column.Name;
        var fields = new List<int>();
        foreach (TextLoader.Range range in column.Source)
        {
            int last = range.Max ?? fieldCount - 1 ?? throw context.ExceptUserArg(nameof(column.Source), "Can't determine the number of source columns without valid data");
            fields.AddRange(Enumerable.Range(range.Min, Math.Max(0, last - range.Min + 1)));
        }
        Fields = [.. fields];
        ItemType = column.KeyCount is { } keys ? KeyTypeOf(context, column.DataKind, keys) : TypeOf(context, column.DataKind);
        bool isVector = Fields.Length != 1 || column.Source.Any(r => r.ForceVector);
        Type = isVector ? new VectorDataViewType(ItemType, Fields.Length) : ItemType;
    }

    internal string Name { get; }

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
        Type item = MemberTypes.ItemOf(type).Item;
        KeyTypeAttribute key = member.GetCustomAttribute<KeyTypeAttribute>();
        return new TextLoader.Column
        {
            Name = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name,
            Source = [.. load.Sources],
            DataKind = _types.FirstOrDefault(t => t.Value == item) is { Value: not null } known
                ? known.Key
                : throw context.Except($"Member '{member.Name}' is of type {type.Name}, which cannot be read from text; use a number, string, bool, DateTime or TimeSpan, or an array of those"),
            KeyCount = key is null ? null : new KeyCount { Count = key.Count },
        };
    }

    private static PrimitiveDataViewType TypeOf(IExceptionContext context, DataKind kind) => _types.TryGetValue(kind, out Type type)
        ? ColumnTypeExtensions.PrimitiveTypeFromType(type)
        : throw context.ExceptNotSupp($"Text files hold no values of kind {kind}.");

    private static KeyDataViewType KeyTypeOf(IExceptionContext context, DataKind kind, KeyCount keys)
    {
        ulong largest = kind switch
        {
            DataKind.Byte => byte.MaxValue,
            DataKind.UInt16 => ushort.MaxValue,
            DataKind.UInt32 => uint.MaxValue,
            DataKind.UInt64 => ulong.MaxValue,
            _ => throw context.ExceptUserArg(nameof(TextLoader.Column.KeyCount), $"A key is of an unsigned type, not of kind {kind}"),
        };
        return new KeyDataViewType(TypeOf(context, kind).RawType, keys.Count ?? largest);
    }
}
