// Applies a row mapper to rows: those of a cursor, or one at a time.
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The mapper over a schema, without data.</summary>
internal sealed class RowToRowMapper(DataViewSchema input, IRowMapper mapper) : IRowToRowMapper
{
    private readonly ColumnBindings _bindings = new(input, mapper.GetOutputColumns());

    public DataViewSchema InputSchema => _bindings.InputSchema;

    public DataViewSchema OutputSchema => _bindings.Schema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        bool[] needed = _bindings.NeededInput(Utils.BuildArray(OutputSchema.Count, dependingColumns), mapper);
        return InputSchema.Where(c => needed[c.Index]);
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        Contracts.CheckValue(input, nameof(input));
        return new Row(input, new MappedGetters(_bindings, mapper, input, Utils.BuildArray(OutputSchema.Count, activeColumns)));
    }

    public DataViewRowCursor GetCursor(DataViewRowCursor input, bool[] active) => new Cursor(input, new MappedGetters(_bindings, mapper, input, active));

    private sealed class Row(DataViewRow input, MappedGetters getters) : DataViewRow
    {
        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => getters.Schema;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => getters.IsActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => getters.Get<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                getters.Dispose();
                input.Dispose();
            }
            base.Dispose(disposing);
        }
    }

    private sealed class Cursor(DataViewRowCursor input, MappedGetters getters) : SynchronizedCursorBase(input)
    {
        public override DataViewSchema Schema => getters.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => getters.IsActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => getters.Get<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                getters.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>The getters of one row or cursor: the input's own for passed columns, the mapper's for added ones.</summary>
internal sealed class MappedGetters : IDisposable
{
    private readonly ColumnBindings _bindings;
    private readonly DataViewRow _input;
    private readonly bool[] _active;
    private readonly Delegate[] _added;
    private Action _disposer;

    public MappedGetters(ColumnBindings bindings, IRowMapper mapper, DataViewRow input, bool[] active)
    {
        _bindings = bindings;
        _input = input;
        _active = active;
        _added = mapper.CreateGetters(input, bindings.ActiveAdded(active), out _disposer);
    }

    public DataViewSchema Schema => _bindings.Schema;

    public bool IsActive(DataViewSchema.Column column) => _active[column.Index];

    public ValueGetter<TValue> Get<TValue>(DataViewSchema.Column column)
    {
        Contracts.CheckParam(column.Index < _active.Length && _active[column.Index], nameof(column), "requested column not active");
        int index = _bindings.MapColumnIndex(out bool isSource, column.Index);
        return isSource
            ? _input.GetGetter<TValue>(_bindings.InputSchema[index])
            : _added[index] as ValueGetter<TValue> ?? throw Contracts.Except($"Invalid TValue in GetGetter: '{typeof(TValue).FullName}', expected type: '{column.Type.RawType}'.");
    }

    public void Dispose()
    {
        _disposer?.Invoke();
        _disposer = null;
    }
}
