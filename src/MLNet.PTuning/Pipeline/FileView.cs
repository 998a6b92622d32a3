// Rows of files as a data view: nothing is cached, every cursor reads the files again.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>A view of rows that are read from files.</summary>
/// <typeparam name="TRow">A row as it was read.</typeparam>
internal abstract class FileView<TRow>(DataViewSchema schema) : IDataView
{
    public DataViewSchema Schema { get; } = schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(this, [.. columnsNeeded.Select(c => c.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    /// <summary>The rows, read anew.</summary>
    protected abstract IEnumerable<TRow> Rows();

    /// <summary>The getter of a column over a changing row.</summary>
    protected abstract Delegate Getter(string column, Func<TRow> row);

    protected static ValueGetter<ReadOnlyMemory<char>> Text(Func<string> text) => (ref ReadOnlyMemory<char> value) => value = text().AsMemory();

    protected static ValueGetter<VBuffer<ReadOnlyMemory<char>>> Texts(Func<IReadOnlyList<string>> texts) => VectorGetter.Of(texts, text => text.AsMemory());

    private sealed class Cursor(FileView<TRow> view, HashSet<int> active) : DataViewRowCursor
    {
        private readonly IEnumerator<TRow> _rows = view.Rows().GetEnumerator();
        private long _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override bool MoveNext()
        {
            _position = _rows.MoveNext() ? _position + 1 : -1;
            return _position >= 0;
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column)) throw new InvalidOperationException($"The column '{column.Name}' is not active in this cursor.");
            return view.Getter(column.Name, () => Current) as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"The column '{column.Name}' is of type {column.Type.RawType}, not {typeof(TValue)}.");
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
            value = _position >= 0 ? new DataViewRowId((ulong)_position, 0) : throw NotOnARow();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _rows.Dispose();
                _position = -1;
            }
            base.Dispose(disposing);
        }

        private TRow Current => _position >= 0 ? _rows.Current : throw NotOnARow();

        private static InvalidOperationException NotOnARow() => new("The cursor is not on a row; call MoveNext first.");
    }
}
