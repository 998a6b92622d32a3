// Chooses among the choices of rows.
using Microsoft.ML;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Encodes a row for each choice of each text, and predicts a probability of each.</summary>
internal sealed class ChoicePredictor(SharedModel model, ModelSettings settings) : IExamplePredictor<ChoiceRow, float[]>
{
    private readonly ChoiceColumns _columns = ChoiceColumns.Of(settings.InputColumns);
    private readonly RowForm _form = new(model.Tokenizer, settings.MaxLength, settings.Method, hasPairs: true, readsLast: model.IsCausal);

    public IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema) => _columns.Find(schema);

    public void Check(SchemaShape schema) => _columns.Check(schema);

    public IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; } = ChoiceColumns.Outputs(settings);

    public int BatchSize => settings.BatchSize;

    public Func<ChoiceRow> Reader(DataViewRow row) => _columns.Reader(row);

    public SharedModel Model => model;

    public EncodedRows<float[]> Encode(IReadOnlyList<ChoiceRow> rows)
    {
        int[] withChoices = [.. Enumerable.Range(0, rows.Count).Where(i => rows[i].Choices.Length > 0)];
        return new([.. withChoices.Select(i => Encode(rows[i]))], scores =>
        {
            var predicted = rows.Select(_ => Array.Empty<float>()).ToArray();
            for (int i = 0; i < scores.Length; i++) predicted[withChoices[i]] = MultipleChoice.Probabilities(scores[i]);
            return predicted;
        });
    }

    public Delegate Getter(int index, Func<float[]> result) => ChoiceColumns.Getter(index, result);

    private Example Encode(ChoiceRow row)
    {
        var text = _form.TextPieces(row.Text);
        return MultipleChoice.Example([.. row.Choices.Select(choice => _form.Join(text, _form.PairPieces(choice)))], Example.NoTarget, settings.Pooling);
    }
}
