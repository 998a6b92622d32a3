// Trains a text classifier as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Trains a prompt and a classification head on a frozen backbone.
/// Input: a text column (and a second one for pairs) and a label column, a key with key values.
/// Output: <c>PredictedLabel</c>, a key with the label's key values, and <c>Score</c>, a vector of Single with a probability a class, its slots named after the classes.
/// Rows whose label is missing are left out of training; the log says how many.
/// </summary>
public sealed class PTuningClassificationEstimator : IEstimator<PTuningClassificationTransformer>
{
    private readonly IHost _host;
    private readonly TextClassificationOptions _options;

    internal PTuningClassificationEstimator(IHostEnvironment environment, TextClassificationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _host = environment.Register(nameof(PTuningClassificationEstimator));
        _options = options;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type, there are no rows, or all have one class.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled.</exception>
    public PTuningClassificationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return (PTuningClassificationTransformer)PromptFit.Run(_host, Prepare(input));
    }

    /// <summary>The task as training takes it.</summary>
    internal PreparedTask Prepare(IDataView input)
    {
        var label = TextRows.FindLabel(input.Schema, _options.LabelColumnName);
        if (label.Type is VectorDataViewType) throw new ArgumentException(LabelKeys.NotAKey(label.Name, label.Type.ToString()!));
        var keys = LabelKeys.Of(input, label);
        PromptFit.CheckClassWeights(_options.ClassWeights, keys.Names);
        var columns = new TextColumns(_options.TextColumnName, _options.TextPairColumnName);
        return new PreparedTask(_options, keys.Names, Pools: true, TextClassification.Accuracy, (backbone, limit, channel) =>
        {
            var form = new RowForm(backbone.Tokenizer, limit.Length, _options.Method, columns.Pair is not null, _options.Verbalizer);
            var (rows, skipped) = TextRows.Encode(TextRows.Read(input, columns, label, TextRows.KeyTarget), backbone.Tokenizer, form, limit, channel);
            var validation = _options.ValidationSet is { } set ? TextRows.ReadValidation(set, columns, _options.LabelColumnName, keys, backbone.Tokenizer, form, limit, channel) : null;
            PromptFit.CheckClasses(rows, skipped, keys.Names);
            if (LabelSpelling.Warning(keys.Names) is { } warning) channel.Warn(warning);
            return new TrainingRows(rows, validation, skipped);
        }, (model, settings) => new PTuningClassificationTransformer(_host, model, keys, settings with { InputColumns = columns.Names }));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        foreach (string name in new TextColumns(_options.TextColumnName, _options.TextPairColumnName).Names)
        {
            if (!inputSchema.TryFindColumn(name, out var text)) throw new ArgumentException($"The pipeline has no column '{name}' before this step.");
            if (text.Kind != SchemaShape.Column.VectorKind.Scalar || text.ItemType is not TextDataViewType)
                throw new ArgumentException(TextRows.NotText(name, $"{text.Kind} of {text.ItemType}"));
        }
        if (!inputSchema.TryFindColumn(_options.LabelColumnName, out var label))
            throw new ArgumentException($"The pipeline has no column '{_options.LabelColumnName}' before this step.");
        if (!label.IsKey || label.Kind != SchemaShape.Column.VectorKind.Scalar) throw new ArgumentException(LabelKeys.NotAKey(label.Name, $"{label.Kind} of {label.ItemType}"));
        if (!MLNetInternals.HasKeyValues(label)) throw new ArgumentException(LabelKeys.NoKeyValues(label.Name));

        var columns = inputSchema.ToDictionary(c => c.Name);
        columns[_options.PredictedLabelColumnName] = MLNetInternals.PromiseKey(_options.PredictedLabelColumnName, label, vector: false, ClassificationColumns.LabelAnnotations);
        columns[_options.ScoreColumnName] = MLNetInternals.PromiseScores(_options.ScoreColumnName, label, variable: false, ClassificationColumns.ScoreAnnotations);
        return new SchemaShape(columns.Values);
    }
}
