// Writes texts for rows, and makes columns of them.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Continues the texts of a batch of rows together.</summary>
internal sealed class GenerationPredictor(SharedModel model, ModelSettings settings) : IRowPredictor<TextRow, GeneratedRow>
{
    private readonly TextColumns _columns = new(settings.InputColumns[0], null);
    private volatile GenerationSettings _generation = settings.Generation!;

    /// <summary>How rows are written; predictions that begin after a change follow it.</summary>
    public GenerationSettings Generation
    {
        get => _generation;
        set => _generation = value;
    }

    /// <summary>How texts become rows.</summary>
    public TextGeneration Task { get; } = new(model.Tokenizer, settings.Method, settings.MaxLength, settings.EndTokens!);

    /// <summary>The end tokens.</summary>
    public IReadOnlyList<int> Ends => settings.EndTokens!;

    public IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema) => _columns.Find(schema);

    public void Check(SchemaShape schema) => _columns.Check(schema);

    public IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; } = [new(settings.PredictedLabelColumn, TextDataViewType.Instance), new(settings.ScoreColumn, NumberDataViewType.Single)];

    /// <summary>The same columns as <c>GetOutputSchema</c> promises them.</summary>
    public static IEnumerable<SchemaShape.Column> Promises(TextGenerationOptions options) =>
        [MLNetInternals.PromiseScalar(options.GeneratedTextColumnName, TextDataViewType.Instance, []), MLNetInternals.PromiseScalar(options.ScoreColumnName, NumberDataViewType.Single, [])];

    public int BatchSize => settings.BatchSize;

    public Func<TextRow> Reader(DataViewRow row) => _columns.Reader(row);

    /// <summary>Holds the model until the use is disposed or garbage-collected.</summary>
    public ModelUse Use() => model.Use();

    public RowSession<TextRow, GeneratedRow> Begin()
    {
        var use = Use();
        return new(use, rows => Task.Write(use.Required, _generation, [.. rows.Select(row => row.Text)]));
    }

    public Delegate Getter(int index, Func<GeneratedRow> result) => index switch
    {
        0 => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> text) => text = result().Text.AsMemory()),
        _ => (ValueGetter<float>)((ref float score) => score = result().Score),
    };

    /// <summary>exp of the mean cross-entropy of targets' tokens.</summary>
    /// <exception cref="ArgumentException">A column is absent or no text, a row has no target, or there are no rows.</exception>
    public double Perplexity(IDataView data, string targetName)
    {
        var rows = GenerationRows.Read(data, _columns, targetName);
        if (rows.Count == 0) throw new ArgumentException("There are no rows to evaluate.");
        using var use = Use();
        var examples = TextRows.OnAllCores(rows, row => Task.Example(row.Text, row.Target, row.Number).Example);
        double loss = 0;
        long tokens = 0;
        foreach (var batch in examples.OrderBy(example => example.Ids.Length).Chunk(BatchSize))
            foreach (float[] logProbabilities in use.Predict(batch))
                foreach (float p in logProbabilities) (loss, tokens) = (loss - p, tokens + 1);
        return Math.Exp(loss / tokens);
    }
}
