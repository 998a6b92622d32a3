// A trained text classifier as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Adds <c>PredictedLabel</c> (a key with the label's key values) and <c>Score</c> (a probability per class) to rows of text; in ML.NET's binary form
/// (<see cref="TextClassificationOptions.ProbabilityColumnName"/>) a log-odds as <c>Score</c>, and <c>Probability</c>.
/// Over a data view it predicts in batches; in a <c>PredictionEngine</c>, row by row.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> before a trainer that is appended.
/// </summary>
public sealed class PTuningClassificationTransformer : ITransformer, IDisposable
{
    internal const string LoaderSignature = "PTuningTextClassify";

    private readonly IHostEnvironment _host;
    private readonly SharedModel _model;
    private readonly LabelKeys _keys;
    private ModelSettings _settings;
    private readonly Predictor _predictor;

    internal PTuningClassificationTransformer(IHostEnvironment host, TunedModel model, LabelKeys keys, ModelSettings settings)
    {
        (_host, _keys, _settings) = (host, keys, settings);
        _model = new SharedModel(model, settings, keys.Names);
        _predictor = new Predictor(_model, keys, settings);
    }

    /// <summary>The report of training; a loaded model has its own. Null for a model that this library did not train.</summary>
    public TrainingReport? Report => _settings.Report;

    /// <summary>The trials of the search that found its settings (<c>PTuningV2Search</c>); a loaded model has its own. Null for a model of a single training.</summary>
    public SearchReport? SearchReport
    {
        get => _settings.SearchReport;
        internal set => _settings = _settings with { SearchReport = value };
    }

    /// <summary>Class names in the order of <c>Score</c>'s slots.</summary>
    public IReadOnlyList<string> ClassNames => _keys.Names;

    /// <summary>The tuning method that was trained.</summary>
    public TuningMethod Method => _settings.Method;

    /// <summary>The folder that the backbone was loaded from.</summary>
    public string BackboneFolder => _model.BackboneFolder.Path;

    bool ITransformer.IsRowToRowMapper => true;

    internal TunedModel Model => _model.Model;

    internal TrainedPrompt Prompt => new(_model, _settings, _keys.Names);

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => new PredictionSchema(inputSchema, _predictor.Inputs(inputSchema), _predictor.Outputs).Output;

    /// <inheritdoc/>
    public IDataView Transform(IDataView input) => new PredictionView<(string, string?), float[]>(_predictor, input);

    /// <summary>
    /// Releases the model's memory and its use of the backbone: at once, or with the last engine or cursor that was made from it. Using the transformer after
    /// that reloads them, so a <c>PredictionEngine</c> that disposes its transformer, as ML.NET's do by default, does not affect other users of it. Thread-safe.
    /// </summary>
    public void Dispose() => _model.Dispose();

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => new PredictionMapper<(string, string?), float[]>(_predictor, inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => SavedModel.Save(_host, ctx, LoaderSignature, _settings, _keys, _model);

    // Called by ML.NET when it finds the loader's signature in a model file.
    private static PTuningClassificationTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        var (settings, keys, model) = SavedModel.Load(environment, context, LoaderSignature);
        return new PTuningClassificationTransformer(environment.Register(nameof(PTuningClassificationTransformer)), model, keys, settings);
    }

    private sealed class Predictor(SharedModel model, LabelKeys keys, ModelSettings settings) : IRowPredictor<(string Text, string? Pair), float[]>
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
}
