// What the transformers of all tasks share: the model, its settings, saving, and how ML.NET asks for predictions.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// A trained prompt and head as a step of an ML.NET pipeline. Over a data view it predicts in batches; in a <c>PredictionEngine</c>, row by row.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> before a trainer that is appended.
/// </summary>
public abstract class PTuningTransformer : ITransformer, IDisposable
{
    private readonly SharedModel _model;
    private readonly string _loaderSignature;

    /// <param name="environment">Its host.</param>
    /// <param name="model">What was trained; owned by the transformer from now on.</param>
    /// <param name="keys">Its classes.</param>
    /// <param name="settings">Its settings in a model file.</param>
    /// <param name="loaderSignature">The name by which ML.NET finds what loads it.</param>
    /// <param name="predictor">Makes what predicts rows.</param>
    private protected PTuningTransformer(IHostEnvironment environment, TunedModel model, LabelKeys keys, ModelSettings settings, string loaderSignature, Func<SharedModel, IRowPredictor> predictor)
    {
        (Host, Keys, Settings, _loaderSignature) = (environment, keys, settings, loaderSignature);
        _model = new SharedModel(model, settings, keys.Names);
        Predictor = predictor(_model);
    }

    /// <summary>The report of training; a loaded model has its own. Null for a model that this library did not train.</summary>
    public TrainingReport? Report => Settings.Report;

    /// <summary>The trials of the search that found its settings (<c>PTuningV2Search</c>); a loaded model has its own. Null for a model of a single training.</summary>
    public SearchReport? SearchReport
    {
        get => Settings.SearchReport;
        internal set => Settings = Settings with { SearchReport = value };
    }

    /// <summary>Class names in the order of the scores.</summary>
    public IReadOnlyList<string> ClassNames => Keys.Names;

    /// <summary>The tuning method that was trained.</summary>
    public TuningMethod Method => Settings.Method;

    /// <summary>The folder that the backbone was loaded from.</summary>
    public string BackboneFolder => _model.BackboneFolder.Path;

    /// <summary>The backbone's content hash (<see cref="BackboneSummary.ContentHash"/>), by which a saved model finds it.</summary>
    public string BackboneHash => Settings.BackboneHash;

    /// <summary>The tensors that a model file holds: what the method trained, and the head.</summary>
    public IReadOnlyList<TensorSummary> TrainedTensors => [.. Model.Trained().Values.Select(tensor => new TensorSummary(tensor.Name, tensor.Type, tensor.Shape))];

    bool ITransformer.IsRowToRowMapper => true;

    internal TunedModel Model => _model.Model;

    internal TrainedPrompt Prompt => new(_model, Settings, Keys.Names);

    /// <summary>What predicts rows.</summary>
    internal IRowPredictor Predictor { get; }

    private protected ModelSettings Settings { get; set; }

    private protected IHostEnvironment Host { get; }

    private protected LabelKeys Keys { get; }

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => new PredictionSchema(inputSchema, Predictor.Inputs(inputSchema), Predictor.Outputs).Output;

    /// <inheritdoc/>
    public IDataView Transform(IDataView input) => Predictor.View(input);

    /// <summary>
    /// Releases the model's memory and its use of the backbone: at once, or with the last engine or cursor that was made from it. Using the transformer after
    /// that reloads them, so a <c>PredictionEngine</c> that disposes its transformer, as ML.NET's do by default, does not affect other users of it. Thread-safe.
    /// </summary>
    public void Dispose() => _model.Dispose();

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => Predictor.Mapper(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx, new SavedBackbones());

    /// <summary>Writes the model into its folder of the model zip.</summary>
    /// <param name="context">The folder.</param>
    /// <param name="backbones">The backbones that the zip holds.</param>
    /// <param name="task">The model's index among those of the zip.</param>
    internal void Save(ModelSaveContext context, SavedBackbones backbones, int task = 0) => SavedModel.Save(Host, context, _loaderSignature, Settings, Keys, _model, backbones, task);

    /// <summary>A transformer with a copy of what was trained and a use of the backbone of its own, which is in memory once.</summary>
    /// <param name="settings">Its settings in a model file.</param>
    internal abstract PTuningTransformer Copy(ModelSettings settings);

    private protected TunedModel CopyOfModel() => _model.Copy();
}
