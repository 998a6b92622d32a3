// Trains a model that chooses, as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Trains a prompt and a head that scores choices on a frozen backbone: every choice is read in a row of its own with the text, the head gives each row one score, and the loss is
/// the cross-entropy of the softmax over a text's choices.
/// Input: a text column, perhaps one of questions, a vector of choices of any number, and a label column, a number: the index of the right choice from 0.
/// Output: <c>PredictedLabel</c> and <c>Score</c>, see <see cref="PTuningMultipleChoiceTransformer"/>.
/// Rows whose label is missing (−1 or NaN) are left out of training; the log says how many.
/// </summary>
public sealed class PTuningMultipleChoiceEstimator : PTuningEstimator<MultipleChoiceOptions, PTuningMultipleChoiceTransformer>
{
    internal PTuningMultipleChoiceEstimator(IHostEnvironment environment, MultipleChoiceOptions options) : base(environment, options) { }

    private protected override PreparedTask Prepare(IDataView input)
    {
        var columns = Options.Columns;
        columns.Find(input.Schema);
        return new PreparedTask(Options, MultipleChoice.ClassNames, Options.Pooling == Pooling.FirstToken, TextClassification.Accuracy, (backbone, limit, seed, channel) =>
        {
            var form = new RowForm(backbone.Tokenizer, limit.Length, Options.Method, hasPairs: true, readsLast: backbone.Encoder.IsCausal);
            var read = ChoiceRows.Read(input, columns, Options.LabelColumnName);
            var (training, heldOut) = HeldOutRows.Of(read, Options, seed, channel, set => ChoiceRows.Read(set, columns, Options.LabelColumnName), row => [row.Texts.Text, .. row.Texts.Choices]);
            var (rows, skipped) = ChoiceRows.Encode(training, backbone.Tokenizer, form, limit, channel, Options);
            if (rows.Count == 0)
                throw new ArgumentException(skipped > 0 ? $"None of the {skipped} training rows has a label in '{Options.LabelColumnName}' and two choices in '{columns.Choices}'." : "The training set has no rows.");
            var validation = heldOut is null ? null : ChoiceRows.Encode(heldOut, backbone.Tokenizer, form, limit, channel, Options).Examples;
            if (validation?.Count == 0) throw new ArgumentException("None of the rows held out for validation has a label and two choices.");
            return new TrainingRows(rows, validation, skipped);
        }, (model, settings) => new PTuningMultipleChoiceTransformer(Host, model, LabelKeys.Of(MultipleChoice.ClassNames), settings with { InputColumns = columns.Names, Pooling = Options.Pooling }));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Options.Columns.Check(inputSchema);
        ChoiceRows.CheckLabel(inputSchema, Options.LabelColumnName);
        return PredictionSchema.Promise(inputSchema, ChoiceColumns.Promises(Options));
    }
}
