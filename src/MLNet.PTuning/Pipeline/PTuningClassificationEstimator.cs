// Trains a text classifier as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Trains a prompt and a classification head on a frozen backbone.
/// Input: a text column (and a second one for pairs) and a label column, a key (one without key values has the classes 1 to n) or a Boolean.
/// Output: <c>PredictedLabel</c>, a key with the label's key values, and <c>Score</c>, a vector of Single with a probability per class, its slots named after the classes; in
/// ML.NET's binary form (<see cref="TextClassificationOptions.ProbabilityColumnName"/>) a log-odds as <c>Score</c>, and <c>Probability</c>.
/// With <see cref="TextClassificationOptions.Spans"/> the head reads the mean hidden states of parts of the texts in addition to the first token's.
/// Rows whose label is missing are left out of training; the log says how many.
/// </summary>
public sealed class PTuningClassificationEstimator : PTuningEstimator<TextClassificationOptions, PTuningClassificationTransformer>
{
    internal PTuningClassificationEstimator(IHostEnvironment environment, TextClassificationOptions options) : base(environment, options) { }

    private protected override PreparedTask Prepare(IDataView input)
    {
        var label = TextRows.FindLabel(input.Schema, Options.LabelColumnName);
        if (label.Type is VectorDataViewType) throw new ArgumentException(LabelKeys.NotAKey(label.Name, label.Type.ToString()!));
        var keys = label.Type is BooleanDataViewType ? LabelKeys.Boolean : LabelKeys.Of(input, label);
        var binary = BinarySettings.Of(Options, label.Type is BooleanDataViewType);
        binary?.Check(keys.Names);
        PromptFit.CheckClassWeights(Options.ClassWeights, keys.Names);
        var columns = Options.Columns;
        return new PreparedTask(Options, keys.Names, Options.Pooling == Pooling.FirstToken, TextClassification.Accuracy, (backbone, limit, seed, channel) =>
        {
            var form = new RowForm(backbone.Tokenizer, limit.Length, Options.Method, columns.Pair is not null, Options.Verbalizer, backbone.Encoder.IsCausal);
            var read = TextRows.Read(input, columns, label, TextRows.Target).ToList();
            var (training, heldOut) = HeldOutRows.Of(read, Options, seed, channel,
                set => TextRows.ReadValidation(set, columns, Options.LabelColumnName, keys), row => row.Pair is null ? [row.Text] : [row.Text, row.Pair]);
            var (rows, skipped) = TextRows.Encode(training, backbone.Tokenizer, form, limit, channel, Options.Pooling);
            PromptFit.CheckClasses(rows, skipped, keys.Names, label.Name);
            var validation = heldOut is null ? null : TextRows.Encode(heldOut, backbone.Tokenizer, form, limit, channel, Options.Pooling).Examples;
            if (validation?.Count == 0) throw new ArgumentException("None of the rows held out for validation has a label.");
            if (LabelSpelling.Warning(keys.Names) is { } warning) channel.Warn(warning);
            return new TrainingRows(rows, validation, skipped);
        }, (model, settings) => new PTuningClassificationTransformer(Host, model, keys, settings with { InputColumns = columns.Names, Binary = binary, Pooling = Options.Pooling, Spans = columns.Spans.Count > 0 ? [.. columns.Spans] : null, SpanUnit = columns.Spans.Count > 0 ? columns.Unit : default })) { Vectors = 1 + columns.Spans.Count };
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Options.Columns.Check(inputSchema);
        var label = TextRows.FindColumn(inputSchema, Options.LabelColumnName);
        if (label.Kind != SchemaShape.Column.VectorKind.Scalar || !(label.IsKey || label.ItemType is BooleanDataViewType))
            throw new ArgumentException(LabelKeys.NotAKey(label.Name, $"{label.Kind} of {label.ItemType}"));
        return PredictionSchema.Promise(inputSchema, ClassificationColumns.Promises(Options, label));
    }
}
