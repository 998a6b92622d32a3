// Base of cursors that give some rows of another cursor as they are, in its order.
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal abstract class LinkedCursor(IChannelProvider provider, DataViewRowCursor input, IEnumerable<DataViewSchema.Column> columnsNeeded) : LinkedRootCursorBase(provider, input)
{
    private readonly bool[] _active = Utils.BuildArray(input.Schema.Count, columnsNeeded);

    public sealed override DataViewSchema Schema => Input.Schema;

    public sealed override long Batch => Input.Batch;

    public sealed override bool IsColumnActive(DataViewSchema.Column column) => column.Index < _active.Length && _active[column.Index];

    public sealed override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        Contracts.CheckParam(IsColumnActive(column), nameof(column), "requested column is not active");
        return Input.GetGetter<TValue>(column);
    }

    public sealed override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();
}
