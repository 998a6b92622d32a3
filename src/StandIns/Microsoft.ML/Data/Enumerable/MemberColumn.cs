// A column whose values come from a member of a row object.
using System.Linq.Expressions;
using System.Numerics;
using System.Reflection;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed record MemberColumn(string Name, DataViewType Type, DataViewSchema.Annotations Annotations, MemberInfo Member)
{
    /// <summary>The columns that rows of <paramref name="rowType"/> give, by their attributes or by a definition.</summary>
    public static MemberColumn[] ToRead(Type rowType, SchemaDefinition definition)
    {
        SchemaDefinition columns = definition ?? SchemaDefinition.Create(rowType, SchemaDefinition.Direction.Read);
        return columns.Select(c => Of(rowType, c, "userSchemaDefinition")).ToArray();
    }

    public static MemberColumn Of(Type rowType, SchemaDefinition.Column column, string parameter)
    {
        MemberInfo member = (MemberInfo)rowType.GetField(column.MemberName) ?? rowType.GetProperty(column.MemberName);
        if (member is null)
            throw Contracts.ExceptParam(parameter, $"No field or property with name '{column.MemberName}' found in type '{rowType.FullName}'");
        DataViewType type = column.ColumnType ?? MemberTypes.ColumnType(member);
        (Type item, bool isVector) = MemberTypes.ItemOf(MemberTypes.TypeOf(member));
        if (isVector != type is VectorDataViewType)
            throw Contracts.ExceptParam(parameter, $"Column '{column.ColumnName}' is supposed to be {(isVector ? "scalar" : "vector")}, but type of associated field '{column.MemberName}' is {(isVector ? "vector" : "scalar")}");
        if (type.GetItemType().RawType != item)
            throw Contracts.ExceptParam(parameter, $"Column '{column.ColumnName}' is supposed to have item type {type.GetItemType().RawType}, but associated field has type {item}");
        return new MemberColumn(column.ColumnName, type, column.Annotations, member);
    }

    /// <summary>A definition that gives members the types and annotations of the columns of their names.</summary>
    public static SchemaDefinition DefinitionFrom<TRow>(DataViewSchema schema)
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Read);
        foreach (DataViewSchema.Column column in schema.Where(c => !c.IsHidden))
        {
            SchemaDefinition.Column member = definition[column.Name] ?? throw Contracts.Except($"Type should contain a member named {column.Name}");
            member.ColumnType = column.Type;
            member.AddAnnotations(column.Annotations);
        }
        return definition;
    }

    public static DataViewSchema Schema(IEnumerable<MemberColumn> columns)
    {
        var builder = new DataViewSchema.Builder();
        foreach (MemberColumn column in columns)
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        return builder.ToSchema();
    }

    /// <summary>The getter of this column for whatever row <paramref name="current"/> gives when it is called.</summary>
    public Delegate Getter<TRow>(Func<TRow> current)
    {
        Type memberType = MemberTypes.TypeOf(Member);
        if (memberType == typeof(string))
            return TextGetter(current, Peek<TRow, string>());
        if (memberType == typeof(string[]))
            return TextsGetter(current, Peek<TRow, string[]>());
        (Type item, bool isVector) = MemberTypes.ItemOf(memberType);
        Func<Func<TRow>, Delegate> make = (memberType.IsArray, isVector, Type is KeyDataViewType) switch
        {
            (true, _, _) => ArrayGetter<TRow, int>,
            (_, true, _) => BufferGetter<TRow, int>,
            (_, _, true) => KeyGetter<TRow, uint>,
            _ => ValueGetter<TRow, int>,
        };
        return (Delegate)make.Method.GetGenericMethodDefinition().MakeGenericMethod(typeof(TRow), item).Invoke(this, [current]);
    }

    private Func<TRow, TValue> Peek<TRow, TValue>()
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        return Expression.Lambda<Func<TRow, TValue>>(Expression.MakeMemberAccess(row, Member), row).Compile();
    }

    private static ValueGetter<ReadOnlyMemory<char>> TextGetter<TRow>(Func<TRow> current, Func<TRow, string> peek) =>
        (ref ReadOnlyMemory<char> value) => value = peek(current()).AsMemory();

    private static ValueGetter<VBuffer<ReadOnlyMemory<char>>> TextsGetter<TRow>(Func<TRow> current, Func<TRow, string[]> peek) =>
        (ref VBuffer<ReadOnlyMemory<char>> value) =>
        {
            string[] texts = peek(current());
            VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref value, Utils.Size(texts));
            for (int i = 0; i < editor.Values.Length; i++)
                editor.Values[i] = texts[i].AsMemory();
            value = editor.Commit();
        };

    private ValueGetter<VBuffer<T>> ArrayGetter<TRow, T>(Func<TRow> current)
    {
        Func<TRow, T[]> peek = Peek<TRow, T[]>();
        return (ref VBuffer<T> value) =>
        {
            T[] items = peek(current());
            VBuffer<T>.Copy(items, 0, ref value, Utils.Size(items));
        };
    }

    private ValueGetter<VBuffer<T>> BufferGetter<TRow, T>(Func<TRow> current)
    {
        Func<TRow, VBuffer<T>> peek = Peek<TRow, VBuffer<T>>();
        return (ref VBuffer<T> value) => peek(current()).CopyTo(ref value);
    }

    private ValueGetter<T> ValueGetter<TRow, T>(Func<TRow> current)
    {
        Func<TRow, T> peek = Peek<TRow, T>();
        return (ref T value) => value = peek(current());
    }

    /// <summary>Members hold keys from 0 on, views from 1 on with 0 for a missing one.</summary>
    private ValueGetter<T> KeyGetter<TRow, T>(Func<TRow> current)
        where T : IBinaryInteger<T>
    {
        Func<TRow, T> peek = Peek<TRow, T>();
        ulong count = Type.GetKeyCount();
        return (ref T value) =>
        {
            T key = peek(current());
            value = ulong.CreateTruncating(key) < count ? key + T.One : T.Zero;
        };
    }
}
