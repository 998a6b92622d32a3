// Predictions a row at a time, as PredictionEngine makes them.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>
/// Adds predictions to single rows; each row is predicted once, however many of its columns are read. An engine has one such row, which holds the model until it is garbage-collected:
/// disposing an engine does not dispose its row.
/// </summary>
internal sealed class PredictionMapper<TRow, TResult>(IRowPredictor<TRow, TResult> predictor, DataViewSchema inputSchema) : IRowToRowMapper
{
    private readonly PredictionSchema _schema = new(inputSchema, predictor.Inputs(inputSchema), predictor.Outputs);

    public DataViewSchema InputSchema => _schema.Input;

    public DataViewSchema OutputSchema => _schema.Output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => _schema.Needed(dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new PredictedRow(predictor, _schema, input, activeColumns);

    private sealed class PredictedRow : DataViewRow
    {
        private readonly IRowPredictor<TRow, TResult> _predictor;
        private readonly PredictionSchema _schema;
        private readonly DataViewRow _input;
        private readonly HashSet<int> _active;
        private readonly Func<TRow>? _read;
        private readonly RowSession<TRow, TResult>? _session;
        private readonly TRow[] _one = new TRow[1];
        private TResult? _result;
        private long _predictedAt = long.MinValue;

        public PredictedRow(IRowPredictor<TRow, TResult> predictor, PredictionSchema schema, DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
        {
            (_predictor, _schema, _input) = (predictor, schema, input);
            var columns = activeColumns.ToList();
            _active = [.. columns.Select(c => c.Index)];
            if (columns.Any(schema.IsAdded)) (_read, _session) = (predictor.Reader(input), predictor.Begin());
        }

        public override DataViewSchema Schema => _schema.Output;

        public override long Position => _input.Position;

        public override long Batch => _input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!_schema.IsAdded(column)) return _input.GetGetter<TValue>(_schema.Input[column.Index]);
            if (!IsColumnActive(column)) throw new InvalidOperationException($"The column '{column.Name}' is not active in this row.");
            return _predictor.Getter(_schema.AddedIndex(column), Result) as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"The column '{column.Name}' is of type {column.Type.RawType}, not {typeof(TValue)}.");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _session?.Dispose();
                _input.Dispose();
            }
            base.Dispose(disposing);
        }

        private TResult Result()
        {
            if (_predictedAt != _input.Position)
            {
                _one[0] = _read!();
                _result = _session!.Predict(_one)[0];
                _predictedAt = _input.Position;
            }
            return _result!;
        }
    }
}
