// Fills row objects from a view's columns.
using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Which column goes into which member of <typeparamref name="TRow"/>.</summary>
internal sealed class MemberBinding<TRow>
    where TRow : class
{
    private readonly List<(DataViewSchema.Column Column, MemberInfo Member)> _bound = [];

    public IEnumerable<DataViewSchema.Column> Columns => _bound.Select(b => b.Column);

    public static MemberBinding<TRow> To(DataViewSchema schema, bool ignoreMissingColumns, SchemaDefinition definition)
    {
        var binding = new MemberBinding<TRow>();
        foreach (SchemaDefinition.Column wanted in definition ?? SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Write))
        {
            if (schema.GetColumnOrNull(wanted.ColumnName) is not { } column)
            {
                if (ignoreMissingColumns)
                    continue;
                throw Contracts.ExceptSchemaMismatch("Schema", "", wanted.ColumnName);
            }
            MemberInfo member = MemberColumn.Of(typeof(TRow), wanted, "userSchemaDefinition").Member;
            (Type item, bool isVector) = MemberTypes.ItemOf(MemberTypes.TypeOf(member));
            if (item != column.Type.GetItemType().RawType || isVector != column.Type is VectorDataViewType)
                throw Contracts.Except($"Can't bind the IDataView column '{column.Name}' of type '{column.Type}' to field or property '{member.Name}' of type '{MemberTypes.TypeOf(member).FullName}'.");
            binding._bound.Add((column, member));
        }
        return binding;
    }

    /// <summary>What copies the values of <paramref name="row"/>, wherever it then stands, into an object.</summary>
    public Action<TRow> FillFrom(DataViewRow row)
    {
        Action<TRow>[] pokes = _bound.Select(b => Poke(row, b.Column, b.Member)).ToArray();
        return target =>
        {
            foreach (Action<TRow> poke in pokes)
                poke(target);
        };
    }

    private static Action<TRow> Poke(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        Type memberType = MemberTypes.TypeOf(member);
        if (memberType == typeof(string))
            return TextPoke(row, column, member);
        if (memberType == typeof(string[]))
            return TextsPoke(row, column, member);
        Func<DataViewRow, DataViewSchema.Column, MemberInfo, Action<TRow>> make = memberType.IsArray ? ArrayPoke<int> : ValuePoke<int>;
        return Utils.MarshalInvoke(make, memberType.IsArray ? memberType.GetElementType() : memberType, row, column, member);
    }

    private static Action<TRow> TextPoke(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        ValueGetter<ReadOnlyMemory<char>> getter = row.GetGetter<ReadOnlyMemory<char>>(column);
        Action<TRow, string> set = Setter<string>(member);
        ReadOnlyMemory<char> text = default;
        return target =>
        {
            getter(ref text);
            set(target, text.ToString());
        };
    }

    private static Action<TRow> TextsPoke(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        VBuffer<ReadOnlyMemory<char>> texts = default;
        return IntoArray<string>(member, () =>
        {
            getter(ref texts);
            return texts.Length;
        }, target =>
        {
            int i = 0;
            foreach (ReadOnlyMemory<char> text in texts.DenseValues())
                target[i++] = text.ToString();
        });
    }

    private static Action<TRow> ArrayPoke<T>(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> items = default;
        return IntoArray<T>(member, () =>
        {
            getter(ref items);
            return items.Length;
        }, target => items.CopyTo(target));
    }

    /// <summary>The member's own array is filled where it has the right length, so an empty vector leaves null as it is.</summary>
    private static Action<TRow> IntoArray<T>(MemberInfo member, Func<int> read, Action<T[]> copy)
    {
        Action<TRow, T[]> set = Setter<T[]>(member);
        Func<TRow, T[]> get = Getter<T[]>(member);
        return target =>
        {
            int length = read();
            T[] array = get(target);
            if (Utils.Size(array) != length)
                set(target, array = new T[length]);
            if (length > 0)
                copy(array);
        };
    }

    private static Action<TRow> ValuePoke<T>(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        Action<TRow, T> set = Setter<T>(member);
        return target =>
        {
            // A fresh value each time: an object that keeps a buffer must not see it change.
            T value = default;
            getter(ref value);
            set(target, value);
        };
    }

    private static Action<TRow, T> Setter<T>(MemberInfo member)
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow)), value = Expression.Parameter(typeof(T));
        return Expression.Lambda<Action<TRow, T>>(Expression.Assign(Expression.MakeMemberAccess(row, member), value), row, value).Compile();
    }

    private static Func<TRow, T> Getter<T>(MemberInfo member)
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        return Expression.Lambda<Func<TRow, T>>(Expression.MakeMemberAccess(row, member), row).Compile();
    }
}

/// <summary>The rows of a view as objects; every enumeration reads the view anew.</summary>
internal sealed class RowEnumerable<TRow>(IDataView data, MemberBinding<TRow> binding, bool reuseRowObject) : IEnumerable<TRow>
    where TRow : class, new()
{
    public IEnumerator<TRow> GetEnumerator()
    {
        using DataViewRowCursor cursor = data.GetRowCursor(binding.Columns);
        Action<TRow> fill = binding.FillFrom(cursor);
        TRow row = reuseRowObject ? new TRow() : null;
        while (cursor.MoveNext())
        {
            TRow target = row ?? new TRow();
            fill(target);
            yield return target;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
