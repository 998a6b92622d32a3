// Some columns of a schema, in a chosen order, and the rows and cursors that show only these.
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class SelectedColumns : IRowToRowMapper
{
    private readonly DataViewSchema.Column[] _selected;

    internal SelectedColumns(DataViewSchema inputSchema, DataViewSchema.Column[] selected)
    {
        InputSchema = inputSchema;
        _selected = selected;
        var builder = new DataViewSchema.Builder();
        foreach (DataViewSchema.Column column in selected)
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => dependingColumns.Select(c => _selected[c.Index]);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new Row(this, input, activeColumns);

    internal DataViewRowCursor GetCursor(DataViewRowCursor input, IEnumerable<DataViewSchema.Column> columnsNeeded) => new Cursor(this, input, columnsNeeded);

    private ValueGetter<TValue> Getter<TValue>(DataViewRow input, bool[] active, DataViewSchema.Column column)
    {
        Contracts.CheckParam(column.Index < active.Length && active[column.Index], nameof(column), "requested column not active");
        return input.GetGetter<TValue>(_selected[column.Index]);
    }

    private sealed class Row(SelectedColumns columns, DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) : DataViewRow
    {
        private readonly bool[] _active = Utils.BuildArray(columns.OutputSchema.Count, activeColumns);

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => columns.OutputSchema;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => columns.Getter<TValue>(input, _active, column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                input.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class Cursor(SelectedColumns columns, DataViewRowCursor input, IEnumerable<DataViewSchema.Column> columnsNeeded) : SynchronizedCursorBase(input)
    {
        private readonly bool[] _active = Utils.BuildArray(columns.OutputSchema.Count, columnsNeeded);

        public override DataViewSchema Schema => columns.OutputSchema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => columns.Getter<TValue>(Input, _active, column);
    }
}

internal sealed class SelectedColumnsView(IDataView source, SelectedColumns columns) : IDataView
{
    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => columns.OutputSchema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return columns.GetCursor(source.GetRowCursor(columns.GetDependencies(needed), rand), needed);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return source.GetRowCursorSet(columns.GetDependencies(needed), n, rand).Select(input => columns.GetCursor(input, needed)).ToArray();
    }
}
