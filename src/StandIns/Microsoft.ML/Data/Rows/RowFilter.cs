// A view of those rows of another view for which a test of some columns holds.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <param name="host">Who starts the cursors' channels.</param>
/// <param name="source">The view.</param>
/// <param name="tested">The columns that the test reads.</param>
/// <param name="makeTest">Makes the test of a cursor's current row; it is called once for every row, in order.</param>
/// <param name="canShuffle">Whether the test gives the same for a row wherever it stands.</param>
internal sealed class RowFilter(IHost host, IDataView source, DataViewSchema.Column[] tested, Func<DataViewRow, Func<bool>> makeTest, bool canShuffle = true) : IDataView
{
    public bool CanShuffle => canShuffle && source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] columns = [.. columnsNeeded];
        return new Cursor(host, source.GetRowCursor(columns.Union(tested), CanShuffle ? rand : null), columns, makeTest);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(IChannelProvider provider, DataViewRowCursor input, DataViewSchema.Column[] columns, Func<DataViewRow, Func<bool>> makeTest) : LinkedCursor(provider, input, columns)
    {
        private readonly Func<bool> _test = makeTest(input);

        protected override bool MoveNextCore()
        {
            while (Input.MoveNext())
            {
                if (_test())
                    return true;
            }
            return false;
        }
    }
}
