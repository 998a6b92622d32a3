// A data view with predictions added: it reads rows ahead and runs a batch of them in one forward pass.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>Lazy, as every ML.NET view: nothing is computed but for cursors whose active columns need it.</summary>
internal sealed class PredictionView<TRow, TResult>(IRowPredictor<TRow, TResult> predictor, IDataView source) : IDataView
{
    private readonly PredictionSchema _schema = new(source.Schema, predictor.Inputs(source.Schema), predictor.Outputs);

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => _schema.Output;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var columns = columnsNeeded.ToList();
        return new PredictionCursor<TRow, TResult>(predictor, _schema, columns, source.GetRowCursor(_schema.Needed(columns), rand));
    }

    // Batches already fill the machine, so one cursor serves whatever number is asked for.
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];
}

/// <summary>Reads a batch of source rows, keeps the values of the columns asked for, predicts, and then goes through the batch.</summary>
internal sealed class PredictionCursor<TRow, TResult> : DataViewRowCursor
{
    private readonly IRowPredictor<TRow, TResult> _predictor;
    private readonly PredictionSchema _schema;
    private readonly DataViewRowCursor _source;
    private readonly HashSet<int> _active;
    private readonly Dictionary<int, ColumnBuffer> _buffers = [];
    private readonly ColumnBuffer<DataViewRowId> _ids;
    private readonly Func<TRow>? _read;
    private readonly List<TRow> _rows = [];
    private readonly List<long> _batches = [];
    private IReadOnlyList<TResult> _results = [];
    private int _count, _at;
    private long _position = -1;
    private bool _ended;

    public PredictionCursor(IRowPredictor<TRow, TResult> predictor, PredictionSchema schema, IReadOnlyList<DataViewSchema.Column> columns, DataViewRowCursor source)
    {
        (_predictor, _schema, _source) = (predictor, schema, source);
        _active = [.. columns.Select(c => c.Index)];
        foreach (var column in columns.Where(c => !schema.IsAdded(c)))
            _buffers[column.Index] = ColumnBuffer.Create(source, schema.Input[column.Index], predictor.BatchSize);
        _ids = new ColumnBuffer<DataViewRowId>(source.GetIdGetter(), predictor.BatchSize);
        if (columns.Any(schema.IsAdded)) _read = predictor.Reader(source);
    }

    public override DataViewSchema Schema => _schema.Output;

    public override long Position => _position;

    public override long Batch => _batches.Count == 0 ? _source.Batch : _batches[_at];

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    public override bool MoveNext()
    {
        if (_ended) return false;
        if (++_at >= _count && !ReadBatch())
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
            ? _predictor.Getter(_schema.AddedIndex(column), () => _results[Here()])
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
            _source.Dispose();
        }
        base.Dispose(disposing);
    }

    // Before the first row and after the last, a cursor's position is -1.
    private void End() => (_ended, _position) = (true, -1);

    private int Here() => _position >= 0 ? _at : throw new InvalidOperationException("The cursor does not stand on a row; call MoveNext first.");

    private bool ReadBatch()
    {
        (_count, _at) = (0, 0);
        _rows.Clear();
        _batches.Clear();
        while (_count < _predictor.BatchSize && _source.MoveNext())
        {
            foreach (var buffer in _buffers.Values) buffer.Read(_count);
            _ids.Read(_count);
            _batches.Add(_source.Batch);
            if (_read is not null) _rows.Add(_read());
            _count++;
        }
        if (_rows.Count > 0) _results = _predictor.Predict(_rows);
        return _count > 0;
    }
}
