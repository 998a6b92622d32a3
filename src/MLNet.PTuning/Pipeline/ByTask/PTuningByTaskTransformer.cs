// Trained models of several tasks as one step of an ML.NET pipeline.
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning;

/// <summary>
/// Adds to each row <c>PredictedLabel</c> (text) and <c>Score</c> (a vector of Single) of the task that a column names, and each task's own output columns, named <c>TASK.COLUMN</c>, which
/// have missing values in rows of other tasks. Values are those that each task's own transformer gives.
/// Over a data view, rows of all tasks on one backbone go through it in the same batches; in a <c>PredictionEngine</c>, row by row.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> before a trainer that is appended.
/// </summary>
public sealed class PTuningByTaskTransformer : ITransformer, IDisposable
{
    internal const string LoaderSignature = "PTuningByTask";

    private readonly ByTaskSettings _settings;
    private readonly List<PTuningTransformer> _transformers;
    private readonly IRowPredictor _predictor;

    /// <param name="settings">Its settings.</param>
    /// <param name="transformers">The tasks' transformers, in the settings' order; owned by this one from now on.</param>
    internal PTuningByTaskTransformer(ByTaskSettings settings, List<PTuningTransformer> transformers)
    {
        (_settings, _transformers) = (settings, transformers);
        _predictor = new ByTaskPredictor(settings, [.. settings.Tasks.Zip(transformers, NamedTask.Of)]);
        Transformers = settings.Tasks.Zip(transformers).ToDictionary(task => task.First, ITransformer (task) => task.Second);
    }

    /// <summary>Each task's transformer by its name, for use by itself; disposed with this one.</summary>
    public IReadOnlyDictionary<string, ITransformer> Transformers { get; }

    bool ITransformer.IsRowToRowMapper => true;

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => new PredictionSchema(inputSchema, _predictor.Inputs(inputSchema), _predictor.Outputs).Output;

    /// <inheritdoc/>
    public IDataView Transform(IDataView input) => _predictor.View(input);

    /// <summary>
    /// Releases the models' memory and their use of the backbone: at once, or with the last engine or cursor that was made from it. Using the transformer after that reloads them
    /// (<see cref="PTuningTransformer.Dispose"/>). Thread-safe.
    /// </summary>
    public void Dispose()
    {
        foreach (var transformer in _transformers) transformer.Dispose();
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => _predictor.Mapper(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        SavedModel.SaveSettings(ctx, LoaderSignature, JsonSerializer.SerializeToUtf8Bytes(_settings));
        var backbones = new SavedBackbones();
        for (int i = 0; i < _transformers.Count; i++)
        {
            int task = i;
            MLNetInternals.SavePart(ctx, SavedModel.FolderOf(task), part => _transformers[task].Save(part, backbones, task));
        }
    }

    // Called by ML.NET when it finds the loader's signature in a model file.
    private static PTuningByTaskTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        var settings = JsonSerializer.Deserialize<ByTaskSettings>(SavedModel.LoadSettings(context, LoaderSignature))!;
        var transformers = new List<PTuningTransformer>();
        try
        {
            for (int task = 0; task < settings.Tasks.Length; task++) transformers.Add(MLNetInternals.LoadPart<PTuningTransformer>(environment, context, SavedModel.FolderOf(task)));
            return new PTuningByTaskTransformer(settings, transformers);
        }
        catch
        {
            foreach (var transformer in transformers) transformer.Dispose();
            throw;
        }
    }
}
