// Predicts classes for rows of text.
using Microsoft.ML;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Encodes rows of texts, or pairs, and predicts the probability of each class.</summary>
internal sealed class TextPredictor(SharedModel model, LabelKeys keys, ModelSettings settings) : IExamplePredictor<TextRow, float[]>
{
    private readonly TextColumns _columns = new(settings.InputColumns[0], settings.InputColumns.ElementAtOrDefault(1)) { Spans = settings.Spans ?? [], Unit = settings.SpanUnit };
    private readonly RowForm _form = new(model.Tokenizer, settings.MaxLength, settings.Method, settings.InputColumns.Length > 1, settings.Verbalizer, model.IsCausal);

    public IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema) => _columns.Find(schema);

    public void Check(SchemaShape schema) => _columns.Check(schema);

    public IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; } = ClassificationColumns.Of(settings, keys);

    public int BatchSize => settings.BatchSize;

    public Func<TextRow> Reader(DataViewRow row) => _columns.Reader(row);

    /// <summary>A row of a text and, where the task reads pairs, a second one. It has no spans.</summary>
    public TextRow Row(string text, string? pair) => new(text, pair, []);

    public SharedModel Model => model;

    public EncodedRows<float[]> Encode(IReadOnlyList<TextRow> rows) => new([.. rows.Select(r =>
    {
        var text = _form.TextPieces(r.Text);
        var pair = r.Pair is null ? null : _form.PairPieces(r.Pair);
        var row = _form.Join(text, pair);
        return TextClassification.Example(row.Input, Example.NoTarget, row.ReadPosition, settings.Pooling, TextRows.SpanPositions(r, row, text, pair));
    })], predicted => predicted);

    public Delegate Getter(int index, Func<float[]> result) => ClassificationColumns.Getter(index, settings.Binary, result);
}
