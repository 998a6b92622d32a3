// A view of another view's rows in random order, drawn from a pool of the rows to come.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <param name="host">Who starts the cursors' channels.</param>
/// <param name="source">The view.</param>
/// <param name="poolSize">How many rows a row is drawn from.</param>
/// <param name="shuffleSource">Whether the source is asked to shuffle too.</param>
/// <param name="seed">Gives every pass the same order.</param>
internal sealed class ShuffledRows(IHost host, IDataView source, int poolSize, bool shuffleSource, int seed) : IDataView
{
    public bool CanShuffle => true;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] columns = [.. columnsNeeded];
        var random = new TauswortheHybrid((uint)seed);
        Random sourceRandom = shuffleSource ? new TauswortheHybrid(random) : null;
        return new Cursor(host, source.GetRowCursor(columns, source.CanShuffle ? sourceRandom : null), columns, poolSize, random);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    internal static int[] RandomPermutation(Random rand, int size)
    {
        int[] result = [.. Enumerable.Range(0, size)];
        for (int i = 0; i < size; i++)
        {
            int drawn = i + rand.Next(size - i);
            (result[i], result[drawn]) = (result[drawn], result[i]);
        }
        return result;
    }

    /// <summary>Keeps up to a pool of rows in slots; the rows of the pool stand in <c>_live</c> in the order in which they came.</summary>
    private sealed class Cursor : LinkedRootCursorBase
    {
        private readonly Delegate[] _getters;
        private readonly Action<int>[] _recorders;
        private readonly ValueGetter<DataViewRowId> _readId;
        private readonly List<DataViewRowId> _ids = [];
        private readonly List<int> _live = [];
        private readonly int _poolSize;
        private readonly Random _random;
        private int _first;
        private int _current = -1;
        private bool _isAtEnd;

        internal Cursor(IChannelProvider provider, DataViewRowCursor input, DataViewSchema.Column[] columns, int poolSize, Random random)
            : base(provider, input)
        {
            ColumnValues[] values = [.. columns.Select(c => ColumnValues.Create(c.Type))];
            _recorders = [.. columns.Select((c, i) => values[i].Recorder(input, c))];
            _getters = new Delegate[input.Schema.Count];
            for (int i = 0; i < columns.Length; i++)
                _getters[columns[i].Index] = values[i].Getter(() => _current);
            _readId = input.GetIdGetter();
            _poolSize = poolSize;
            _random = random;
        }

        public override DataViewSchema Schema => Input.Schema;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < _getters.Length && _getters[column.Index] is not null;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => RowGetters.Typed<TValue>(_getters, column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = _ids[_current];

        protected override bool MoveNextCore()
        {
            if (_current >= 0)
                Refill(_current);
            while (!_isAtEnd && _live.Count - _first < _poolSize)
                Refill(_live.Count);
            if (_first == _live.Count)
                return false;
            int drawn = _first + _random.Next(_live.Count - _first);
            (_live[_first], _live[drawn]) = (_live[drawn], _live[_first]);
            _current = _live[_first++];
            // The drawn rows at the list's head are dropped in one go, so that a row costs the same however large the pool is.
            if (_first > _poolSize)
            {
                _live.RemoveRange(0, _first);
                _first = 0;
            }
            return true;
        }

        /// <summary>Reads the source's next row into a slot.</summary>
        private void Refill(int slot)
        {
            if (_isAtEnd || !Input.MoveNext())
            {
                _isAtEnd = true;
                return;
            }
            foreach (Action<int> record in _recorders)
                record(slot);
            DataViewRowId id = default;
            _readId(ref id);
            if (slot == _ids.Count)
                _ids.Add(id);
            else
                _ids[slot] = id;
            _live.Add(slot);
        }
    }
}
