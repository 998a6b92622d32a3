// Predicts classes for rows of text.
using Microsoft.ML;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Encodes rows of texts, or pairs, and predicts the probability of each class.</summary>
internal sealed class TextPredictor(SharedModel model, LabelKeys keys, ModelSettings settings) : IRowPredictor<(string Text, string? Pair), float[]>
{
    private readonly TextColumns _columns = new(settings.InputColumns[0], settings.InputColumns.ElementAtOrDefault(1));
    private readonly RowForm _form = new(model.Tokenizer, settings.MaxLength, settings.Method, settings.InputColumns.Length > 1, settings.Verbalizer);

    public IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema) => _columns.Find(schema);

    public IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; } = ClassificationColumns.Of(settings, keys);

    public int BatchSize => settings.BatchSize;

    public Func<(string Text, string? Pair)> Reader(DataViewRow row) => _columns.Reader(row);

    public ModelUse Use() => model.Use();

    public IReadOnlyList<float[]> Predict(ModelUse use, IReadOnlyList<(string Text, string? Pair)> rows) => use.Predict([.. rows.Select(r =>
    {
        var row = _form.Encode(r.Text, r.Pair);
        return TextClassification.Example(row.Input, Example.NoTarget, row.ReadPosition, settings.Pooling);
    })]);

    public Delegate Getter(int index, Func<float[]> result) => ClassificationColumns.Getter(index, settings.Binary, result);
}
