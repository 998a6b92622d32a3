// A data view with predictions added: it reads rows ahead, and runs a batch of them in one forward pass while the next is read and encoded.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>Lazy, as every ML.NET view: only cursors whose active columns need a prediction compute anything.</summary>
internal sealed class PredictionView<TRow, TResult>(IRowPredictor<TRow, TResult> predictor, IDataView source) : IPipelineStep
{
    private readonly PredictionSchema _schema = new(source.Schema, predictor.Inputs(source.Schema), predictor.Outputs);

    public IDataView Source => source;

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => _schema.Output;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var columns = columnsNeeded.ToList();
        return new PredictionCursor<TRow, TResult>(predictor, _schema, columns, source.GetRowCursor(_schema.Needed(columns), rand));
    }

    // A batch is computed on all cores already, so one cursor is returned whatever number is requested.
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];
}

/// <summary>
/// Reads a batch of source rows, buffers the values of the active columns, predicts, and then iterates over the batch. From the second batch on, the next one
/// is predicted meanwhile. The source is read only on the caller's thread.
/// </summary>
internal sealed class PredictionCursor<TRow, TResult> : DataViewRowCursor
{
    private static readonly Task<IReadOnlyList<TResult>> Nothing = Task.FromResult<IReadOnlyList<TResult>>([]);

    private readonly IRowPredictor<TRow, TResult> _predictor;
    private readonly PredictionSchema _schema;
    private readonly DataViewRowCursor _source;
    private readonly HashSet<int> _active;
    private readonly Dictionary<int, ColumnBuffer> _buffers = [];
    private readonly ColumnBuffer<DataViewRowId> _ids;
    private readonly Func<TRow>? _read;
    private readonly RowSession<TRow, TResult>? _session;
    private RowsAhead _now, _next;
    private int _at;
    private long _position = -1;
    private bool _ended;

    public PredictionCursor(IRowPredictor<TRow, TResult> predictor, PredictionSchema schema, IReadOnlyList<DataViewSchema.Column> columns, DataViewRowCursor source)
    {
        (_predictor, _schema, _source) = (predictor, schema, source);
        _active = [.. columns.Select(c => c.Index)];
        foreach (var column in columns.Where(c => !schema.IsAdded(c)))
            _buffers[column.Index] = ColumnBuffer.Create(source, schema.Input[column.Index], 2 * predictor.BatchSize);
        _ids = new ColumnBuffer<DataViewRowId>(source.GetIdGetter(), 2 * predictor.BatchSize);
        (_now, _next) = (new(0), new(predictor.BatchSize));
        if (columns.Any(schema.IsAdded)) (_read, _session) = (predictor.Reader(source), predictor.Begin());
    }

    public override DataViewSchema Schema => _schema.Output;

    public override long Position => _position;

    public override long Batch => _position < 0 ? _source.Batch : _now.Batches[_at];

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    public override bool MoveNext()
    {
        if (_ended) return false;
        if (++_at >= _now.Batches.Count && !NextBatch())
        {
            End();
            return false;
        }
        _position++;
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column)) throw new InvalidOperationException($"The column '{column.Name}' is not active in this cursor.");
        var getter = _schema.IsAdded(column)
            ? _predictor.Getter(_schema.AddedIndex(column), () => _now.Prediction.Result[Here() - _now.FirstSlot])
            : _buffers[column.Index].Getter(Here);
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"The column '{column.Name}' is of type {column.Type.RawType}, not {typeof(TValue)}.");
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ValueGetter<DataViewRowId>)_ids.Getter(Here);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            End();
            Task.WhenAll(_now.Prediction, _next.Prediction).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
            _session?.Dispose();
            _source.Dispose();
        }
        base.Dispose(disposing);
    }

    // Before the first row and after the last, a cursor's position is -1.
    private void End() => (_ended, _position) = (true, -1);

    // The buffer slot of the cursor's current row.
    private int Here() => _position >= 0 ? _now.FirstSlot + _at : throw new InvalidOperationException("The cursor is not on a row; call MoveNext first.");

    private bool NextBatch()
    {
        bool isFirst = _position < 0;
        if (_next.Batches.Count == 0) Read(_next);
        (_now, _next) = (_next, _now);
        _at = 0;
        _next.Batches.Clear();
        // The batch after the first is not computed in advance: many cursors are left after a few rows.
        if (!isFirst) Read(_next);
        // Throws what the prediction threw.
        _now.Prediction.GetAwaiter().GetResult();
        return _now.Batches.Count > 0;
    }

    private void Read(RowsAhead rows)
    {
        var read = new List<TRow>();
        for (int slot = rows.FirstSlot; rows.Batches.Count < _predictor.BatchSize && _source.MoveNext(); slot++)
        {
            foreach (var buffer in _buffers.Values) buffer.Read(slot);
            _ids.Read(slot);
            rows.Batches.Add(_source.Batch);
            if (_read is not null) read.Add(_read());
        }
        rows.Prediction = read.Count > 0 ? Task.Run(() => _session!.Predict(read)) : Nothing;
    }

    /// <summary>A batch of rows, in one half of the buffers.</summary>
    private sealed class RowsAhead(int firstSlot)
    {
        public int FirstSlot { get; } = firstSlot;

        /// <summary>The source's batch number of each row.</summary>
        public List<long> Batches { get; } = [];

        public Task<IReadOnlyList<TResult>> Prediction { get; set; } = Nothing;
    }
}
