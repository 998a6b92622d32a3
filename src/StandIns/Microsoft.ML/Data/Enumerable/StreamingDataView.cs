// A view over a sequence of objects, read anew by every cursor.
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class StreamingDataView<TRow> : IDataView
    where TRow : class
{
    private readonly IHost _host;
    private readonly IEnumerable<TRow> _data;
    private readonly MemberColumn[] _columns;

    public StreamingDataView(IHostEnvironment env, IEnumerable<TRow> data, MemberColumn[] columns)
    {
        _host = env.Register("StreamingDataView");
        _data = data;
        _columns = columns;
        Schema = MemberColumn.Schema(columns);
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => (_data as ICollection<TRow>)?.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(this, Utils.BuildArray(Schema.Count, columnsNeeded));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : RootCursorBase
    {
        private readonly StreamingDataView<TRow> _view;
        private readonly IEnumerator<TRow> _rows;
        private readonly Delegate[] _getters;

        public Cursor(StreamingDataView<TRow> view, bool[] active)
            : base(view._host)
        {
            _view = view;
            _rows = view._data.GetEnumerator();
            _getters = Utils.BuildArray(active.Length, i => active[i] ? view._columns[i].Getter(Current) : null);
        }

        public override long Batch => 0;

        public override DataViewSchema Schema => _view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _getters[column.Index] is not null;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) =>
        {
            Ch.Check(IsGood, "Cannot call ID getter in current state");
            id = new DataViewRowId((ulong)Position, 0);
        };

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => RowGetters.Typed<TValue>(_getters, column);

        protected override bool MoveNextCore()
        {
            if (!_rows.MoveNext())
                return false;
            Ch.Check(_rows.Current is not null, "Encountered null when iterating over data, this is not supported.");
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _rows.Dispose();
            base.Dispose(disposing);
        }

        private TRow Current()
        {
            Ch.Check(IsGood, "Cannot use a getter before the first row or after the last one");
            return _rows.Current;
        }
    }
}

/// <summary>A single row whose object is given anew for every prediction.</summary>
internal sealed class ObjectRow<TRow> : DataViewRow
    where TRow : class
{
    private readonly Delegate[] _getters;
    private TRow _value;
    private long _position = -1;

    public ObjectRow(MemberColumn[] columns)
    {
        Schema = MemberColumn.Schema(columns);
        _getters = columns.Select(c => c.Getter(() => _value)).ToArray();
    }

    public override long Position => _position;

    public override long Batch => 0;

    public override DataViewSchema Schema { get; }

    public void Set(TRow value)
    {
        _value = value;
        _position++;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => true;

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => RowGetters.Typed<TValue>(_getters, column);
}
