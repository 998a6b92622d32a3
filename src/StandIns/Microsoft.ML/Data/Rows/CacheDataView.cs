// Keeps a view's columns in memory, each from the first time that it is asked for.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class CacheDataView : IDataView
{
    private readonly IHost _host;
    private readonly IDataView _source;
    private readonly int[] _prefetch;
    private readonly ColumnValues[] _cached;
    private readonly Lock _filling = new();
    private int? _rows;

    internal CacheDataView(IHostEnvironment env, IDataView input, int[] prefetch)
    {
        _host = env.Register("Cache");
        _source = input;
        _prefetch = prefetch;
        _cached = new ColumnValues[input.Schema.Count];
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema => _source.Schema;

    public long? GetRowCount() => _rows ?? _source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] columns = [.. columnsNeeded];
        return new Cursor(this, columns, Fill(columns), rand);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    /// <summary>Reads what is not yet cached of the columns, in one pass over the source, and gives the number of rows.</summary>
    private int Fill(DataViewSchema.Column[] columns)
    {
        lock (_filling)
        {
            var missing = columns.Select(c => c.Index).Union(_prefetch).Where(i => _cached[i] is null).Select(i => Schema[i]).ToArray();
            if (missing.Length == 0 && _rows is { } known)
                return known;
            using DataViewRowCursor cursor = _source.GetRowCursor(missing);
            ColumnValues[] values = [.. missing.Select(c => ColumnValues.Create(c.Type))];
            Action<int>[] recorders = [.. missing.Select((c, i) => values[i].Recorder(cursor, c))];
            int rows = 0;
            for (; cursor.MoveNext(); rows++)
            {
                foreach (Action<int> record in recorders)
                    record(rows);
            }
            for (int i = 0; i < missing.Length; i++)
                _cached[missing[i].Index] = values[i];
            _rows = rows;
            return rows;
        }
    }

    private sealed class Cursor : RootCursorBase
    {
        private readonly CacheDataView _view;
        private readonly Delegate[] _getters;
        private readonly int _rows;
        private readonly int[] _order;

        internal Cursor(CacheDataView view, DataViewSchema.Column[] columns, int rows, Random rand)
            : base(view._host)
        {
            _view = view;
            _rows = rows;
            _order = rand is null ? null : ShuffledRows.RandomPermutation(rand, rows);
            _getters = new Delegate[view.Schema.Count];
            foreach (DataViewSchema.Column column in columns)
                _getters[column.Index] = view._cached[column.Index].Getter(() => Row);
        }

        public override DataViewSchema Schema => _view.Schema;

        public override long Batch => 0;

        private int Row => _order is null ? (int)Position : _order[Position];

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < _getters.Length && _getters[column.Index] is not null;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => RowGetters.Typed<TValue>(_getters, column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new DataViewRowId((ulong)Row, 0);

        protected override bool MoveNextCore() => Position + 1 < _rows;
    }
}
