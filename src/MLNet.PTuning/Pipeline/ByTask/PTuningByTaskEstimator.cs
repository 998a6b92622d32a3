// Puts trained models of several tasks together as one step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning;

/// <summary>
/// Predicts each row with the model of the task that a column names. Nothing is learned from the rows: <c>Fit</c> checks their columns.
/// Input: a text column of tasks' names, and the input columns of all tasks; a row's own task alone reads its columns.
/// Output: <c>PredictedLabel</c> (text) and <c>Score</c> (a vector of Single) of the row's task, and each task's own output columns, named <c>TASK.COLUMN</c>, which have missing
/// values in rows of other tasks.
/// </summary>
public sealed class PTuningByTaskEstimator : IEstimator<PTuningByTaskTransformer>
{
    private readonly ByTaskSettings _settings;
    private readonly List<PTuningTransformer> _models;
    private readonly ByTaskPredictor _predictor;

    internal PTuningByTaskEstimator(ByTaskSettings settings, IEnumerable<ITransformer> models)
    {
        if (settings.Tasks.Length == 0) throw new ArgumentException("There are no models; give at least one, by the name of its task.", nameof(models));
        if (settings.Tasks.Any(string.IsNullOrWhiteSpace)) throw new ArgumentException("A task has an empty name; give every task a name.", nameof(models));
        _settings = settings;
        _models = [.. settings.Tasks.Zip(models, NamedTask.StepOf)];
        _predictor = new ByTaskPredictor(settings, [.. settings.Tasks.Zip(_models, NamedTask.Of)]);
        CheckColumns();
    }

    /// <summary>Checks the columns, and makes a transformer with copies of the models, which is disposed apart from them. Their backbone is in memory once.</summary>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    /// <exception cref="IOException">A backbone's folder is missing, or holds another backbone by now.</exception>
    public PTuningByTaskTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _predictor.Inputs(input.Schema);
        // Where the file holds a backbone, no task on it needs its folder.
        var embedded = _models.Select(model => model.Prompt).Where(prompt => prompt.Settings.EmbedBackbone).Select(prompt => prompt.Model.BackboneHash).ToHashSet();
        var copies = new List<PTuningTransformer>();
        try
        {
            foreach (var model in _models) copies.Add(model.Copy(model.Prompt.Settings with { EmbedBackbone = embedded.Contains(model.Prompt.Model.BackboneHash) }));
            return new PTuningByTaskTransformer(_settings, copies);
        }
        catch
        {
            foreach (var copy in copies) copy.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        _predictor.Check(inputSchema);
        return PredictionSchema.Promise(inputSchema, MLNetInternals.Promises(_predictor.Outputs));
    }

    private void CheckColumns()
    {
        var inputs = _models.Select(model => model.Prompt.Settings).SelectMany(settings => settings.InputColumns.Concat((settings.Spans ?? []).SelectMany(span => span.Names))).Append(_settings.TaskColumn).ToHashSet();
        PredictionSchema.CheckNames(inputs, [.. _predictor.Outputs.Select(column => column.Name)], "give a task, or the columns of all tasks, another name");
    }
}
