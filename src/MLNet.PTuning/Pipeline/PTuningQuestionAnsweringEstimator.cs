// Trains a model that answers questions, as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Trains a prompt and a head that finds answers on a frozen backbone: one linear layer gives every word piece a score as the answer's start and one as its end, and the loss is
/// the mean of both cross-entropies over the pieces of a window.
/// Input: columns of contexts and questions (text), of answers (text, or a vector of text) and of where they begin in their context.
/// Output: <c>PredictedAnswer</c>, <c>Score</c>, <c>AnswerStart</c>, <c>AnswerEnd</c> and <c>NoAnswerProbability</c>, see <see cref="PTuningQuestionAnsweringTransformer"/>.
/// </summary>
public sealed class PTuningQuestionAnsweringEstimator : PTuningEstimator<QuestionAnsweringOptions, PTuningQuestionAnsweringTransformer>
{
    internal PTuningQuestionAnsweringEstimator(IHostEnvironment environment, QuestionAnsweringOptions options) : base(environment, options)
    {
        // As P-Tuning v2's authors: nothing is dropped before this head.
        Options.HeadDropout ??= 0;
    }

    private protected override PreparedTask Prepare(IDataView input)
    {
        Options.Columns.Find(input.Schema);
        bool abstains = false;
        IReadOnlyList<EncodedQuestion> scored = [];
        return new PreparedTask(Options, QuestionAnswering.Ends, Pools: false, (_, predicted) => Score(scored, predicted, abstains), (backbone, limit, seed, channel) =>
        {
            var task = new QuestionAnswering(backbone.Tokenizer, Options.Method, limit.Length, Options.DocumentStride);
            var read = AnswerRows.Read(input, Options);
            if (read.Count == 0) throw new ArgumentException("The training set has no rows.");
            abstains = read.Any(row => row.Answers.Count == 0);
            if (read.All(row => row.Answers.Count == 0)) throw new ArgumentException($"None of the {read.Count} training questions has an answer in '{Options.TrainingAnswerColumnName}'; training needs answers.");
            var (training, heldOut) = HeldOutRows.Of(read, Options, seed, channel, set => AnswerRows.Read(set, Options), row => [row.Context, row.Question]);
            var (questions, skipped) = AnswerRows.Encode(training, task, Options, channel, isTraining: true);
            List<Example> rows = [.. questions.SelectMany(q => q.Windows.Select(w => w.Example))];
            UnknownPieces.Warn(channel, backbone.Tokenizer, rows, training.SelectMany(r => new[] { r.Context, r.Question }), backbone.Tokenizer.SpecialCount(pair: true));
            if (heldOut is null) return new TrainingRows(rows, null, skipped);
            if (heldOut.Count == 0) throw new ArgumentException("The validation set has no rows.");
            scored = AnswerRows.Encode(heldOut, task, Options, channel, isTraining: false).Questions;
            return new TrainingRows(rows, [.. scored.SelectMany(q => q.Windows.Select(w => w.Example))], skipped);
        }, (model, settings) => new PTuningQuestionAnsweringTransformer(Host, model, LabelKeys.Of(QuestionAnswering.Ends), Finished(settings, Options, abstains)));
    }

    /// <summary>A model's settings with those of this task.</summary>
    /// <param name="settings">Those that all tasks have.</param>
    /// <param name="options">What the app set.</param>
    /// <param name="abstains">Whether a context may have no answer where the options do not say.</param>
    internal static ModelSettings Finished(ModelSettings settings, QuestionAnsweringOptions options, bool abstains) => settings with
    {
        InputColumns = options.Columns.Names,
        PredictedLabelColumn = options.PredictedAnswerColumnName,
        Answering = AnsweringSettings.Of(options, abstains),
    };

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        AnswerRows.Check(inputSchema, Options);
        return PredictionSchema.Promise(inputSchema, AnswerColumns.Promises(Options));
    }

    // The mean F1 of the first answers, as EvaluateAnswers gives it.
    private double Score(IReadOnlyList<EncodedQuestion> questions, IReadOnlyList<float[]> predicted, bool abstains)
    {
        var settings = AnsweringSettings.Of(Options, abstains);
        int at = 0;
        var predictions = questions.Select(question =>
        {
            string context = question.Row.Context;
            var parts = question.Windows.Select(window => (window, predicted[at++])).ToList();
            var first = AnswerSpans.Of(context, question.Context, parts, settings.MaxAnswerLength, 1, settings.NullThreshold).Best[0];
            return new AnswerPrediction(question.Row.Answers, context[first.Start..first.End], "", null);
        });
        return AnswerMetrics.Of([.. predictions], null).All.F1;
    }
}
