// Gives a column's getter as the type that the caller asked for, or says why that is not possible.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal static class RowGetters
{
    /// <summary><paramref name="getters"/> hold null for columns that are not active.</summary>
    public static ValueGetter<TValue> Typed<TValue>(Delegate[] getters, DataViewSchema.Column column)
    {
        Contracts.CheckParam(column.Index < getters.Length && getters[column.Index] is not null, nameof(column), "requested column not active");
        return getters[column.Index] as ValueGetter<TValue>
            ?? throw Contracts.Except($"Invalid TValue in GetGetter for column #{column}: '{typeof(TValue).FullName}', expected type: '{getters[column.Index].GetType().GetGenericArguments()[0]}'.");
    }
}
