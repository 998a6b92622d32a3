// A trained labeler of words as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Adds <c>PredictedLabel</c> (a vector of keys, one per word) and <c>Score</c> [words, classes] to rows of words, and their entities on request.
/// Over a data view it predicts in batches; in a <c>PredictionEngine</c>, row by row.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> before a trainer that is appended.
/// </summary>
public sealed class PTuningTokenLabelingTransformer : ITransformer, IDisposable
{
    internal const string LoaderSignature = "PTuningLabelTokens";

    private readonly IHostEnvironment _host;
    private readonly SharedModel _model;
    private readonly LabelKeys _keys;
    private ModelSettings _settings;
    private readonly TokenLabelingPredictor _predictor;

    internal PTuningTokenLabelingTransformer(IHostEnvironment host, TunedModel model, LabelKeys keys, ModelSettings settings)
    {
        (_host, _keys, _settings) = (host, keys, settings);
        _model = new SharedModel(model, settings, keys.Names);
        _predictor = new TokenLabelingPredictor(_model, keys, settings);
    }

    /// <summary>The report of training.</summary>
    public TrainingReport? Report => _settings.Report;

    /// <summary>The trials of the search that found its settings (<c>PTuningV2Search</c>); a loaded model has its own. Null for a model of a single training.</summary>
    public SearchReport? SearchReport
    {
        get => _settings.SearchReport;
        internal set => _settings = _settings with { SearchReport = value };
    }

    /// <summary>Label names in the order of the key values and of the scores of a word.</summary>
    public IReadOnlyList<string> ClassNames => _keys.Names;

    /// <summary>The scheme by which labels mark entities.</summary>
    public TagScheme Scheme => _settings.Labeling!.Scheme;

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
    public IDataView Transform(IDataView input) => new PredictionView<WordRow, LabeledRow>(_predictor, input);

    /// <summary>
    /// Releases the model's memory and its use of the backbone: at once, or with the last engine or cursor that was made from it. Using the transformer after
    /// that reloads them, so a <c>PredictionEngine</c> that disposes its transformer, as ML.NET's do by default, does not affect other users of it. Thread-safe.
    /// </summary>
    public void Dispose() => _model.Dispose();

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => new PredictionMapper<WordRow, LabeledRow>(_predictor, inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => SavedModel.Save(_host, ctx, LoaderSignature, _settings, _keys, _model);

    // Called by ML.NET when it finds the loader's signature in a model file.
    private static PTuningTokenLabelingTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        var (settings, keys, model) = SavedModel.Load(environment, context, LoaderSignature);
        return new PTuningTokenLabelingTransformer(environment.Register(nameof(PTuningTokenLabelingTransformer)), model, keys, settings);
    }
}
