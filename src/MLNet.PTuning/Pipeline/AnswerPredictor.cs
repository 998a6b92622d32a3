// Answers questions about the texts of rows.
using Microsoft.ML;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>Cuts contexts into windows, runs windows of several rows in one pass, and joins the windows of each row.</summary>
internal sealed class AnswerPredictor(SharedModel model, ModelSettings settings) : IExamplePredictor<TextRow, AnsweredRow>
{
    private readonly TextColumns _columns = new(settings.InputColumns[0], settings.InputColumns[1]);
    private readonly QuestionAnswering _task = new(model.Tokenizer, settings.Method, settings.MaxLength, settings.Answering!.DocumentStride);
    private volatile AnsweringSettings _settings = settings.Answering;

    /// <summary>How answers are chosen; predictions that begin after a change follow it.</summary>
    public AnsweringSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    public IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema) => _columns.Find(schema);

    public void Check(SchemaShape schema) => _columns.Check(schema);

    public IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; } = AnswerColumns.Of(settings);

    public int BatchSize => settings.BatchSize;

    public Func<TextRow> Reader(DataViewRow row) => _columns.Reader(row);

    public SharedModel Model => model;

    public EncodedRows<AnsweredRow> Encode(IReadOnlyList<TextRow> rows)
    {
        var chosen = _settings;
        IReadOnlyList<Piece>[] contexts = [.. rows.Select(row => _task.ContextPieces(row.Text))];
        var windows = rows.SelectMany((row, index) =>
            _task.Windows(_task.QuestionPieces(row.Pair), contexts[index], null, isKnown: false).Select(window => (Row: index, Window: window))).ToList();
        return new([.. windows.Select(w => w.Window.Example)], predicted =>
        {
            var parts = windows.Zip(predicted).ToLookup(p => p.First.Row, p => (p.First.Window, p.Second));
            return [.. rows.Select((row, index) => new AnsweredRow(row.Text, new OffsetMap(row.Text, chosen.OffsetUnit),
                AnswerSpans.Of(row.Text, contexts[index], parts[index], chosen.MaxAnswerLength, chosen.TopK, chosen.NullThreshold)))];
        });
    }

    public Delegate Getter(int index, Func<AnsweredRow> result) => AnswerColumns.Getter(index, result);
}
