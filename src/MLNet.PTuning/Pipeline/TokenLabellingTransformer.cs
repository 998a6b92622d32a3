// A trained labeller of words as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Adds <c>PredictedLabel</c> (a vector of keys, one a word) and <c>Score</c> [words, classes] to rows of words, and their entities on request.
/// Over a data view it predicts in batches; in a <c>PredictionEngine</c>, row by row. Disposing it gives the backbone back.
/// </summary>
public sealed class TokenLabellingTransformer : ITransformer, IDisposable
{
    internal const string LoaderSignature = "PTuningLabelTokens";

    private readonly IHostEnvironment _host;
    private readonly TunedModel _model;
    private readonly LabelKeys _keys;
    private readonly ModelSettings _settings;
    private readonly TokenLabellingPredictor _predictor;

    internal TokenLabellingTransformer(IHostEnvironment host, TunedModel model, LabelKeys keys, ModelSettings settings)
    {
        (_host, _model, _keys, _settings) = (host, model, keys, settings);
        _predictor = new TokenLabellingPredictor(model, keys, settings);
    }

    /// <summary>What training did.</summary>
    public TrainingReport? Report => _settings.Report;

    /// <summary>Label names in the order of the key values and of the scores of a word.</summary>
    public IReadOnlyList<string> ClassNames => _keys.Names;

    /// <summary>How labels stand for entities.</summary>
    public TagScheme Scheme => _settings.Labelling!.Scheme;

    /// <summary>The tuning method that was trained.</summary>
    public TuningMethod Method => _settings.Method;

    /// <summary>The folder that the backbone was loaded from.</summary>
    public string BackboneFolder => _model.Backbone.Folder.Path;

    bool ITransformer.IsRowToRowMapper => true;

    internal TunedModel Model => _model;

    internal ModelSettings Settings => _settings;

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => new PredictionSchema(inputSchema, _predictor.Inputs(inputSchema), _predictor.Outputs).Output;

    /// <inheritdoc/>
    public IDataView Transform(IDataView input) => new PredictionView<WordRow, LabelledRow>(_predictor, input);

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => new PredictionMapper<WordRow, LabelledRow>(_predictor, inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => SavedModel.Save(_host, ctx, LoaderSignature, _settings, _keys, _model);

    // Called by ML.NET when it meets the loader's signature in a model file.
    private static TokenLabellingTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        var (settings, keys, model) = SavedModel.Load(environment, context, LoaderSignature, pools: false);
        return new TokenLabellingTransformer(environment.Register(nameof(TokenLabellingTransformer)), model, keys, settings);
    }
}
