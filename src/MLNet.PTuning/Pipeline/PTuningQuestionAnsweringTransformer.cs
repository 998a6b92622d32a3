// A trained model that answers questions, as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Adds the answers to questions about texts: <c>PredictedAnswer</c> (a vector of text, the most probable first), <c>Score</c> (their probabilities), <c>AnswerStart</c> and
/// <c>AnswerEnd</c> (their places in the context, end exclusive) and <c>NoAnswerProbability</c>. An empty answer, from 0 to 0, says that the context has none.
/// Over a data view it predicts in batches; in a <c>PredictionEngine</c>, row by row.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> before a trainer that is appended.
/// </summary>
public sealed class PTuningQuestionAnsweringTransformer : PTuningTransformer
{
    internal const string LoaderSignature = "PTuningAnswerQuestions";

    internal PTuningQuestionAnsweringTransformer(IHostEnvironment host, TunedModel model, LabelKeys keys, ModelSettings settings)
        : base(host, model, keys, settings, LoaderSignature, shared => new AnswerPredictor(shared, settings)) { }

    /// <summary>
    /// Predicts no answer where the logarithm of its probability exceeds that of the best answer by more than this (<see cref="QuestionAnsweringOptions.NullThreshold"/>); null
    /// answers every question. May be set to what <c>EvaluateAnswers</c> found, before the model is saved: predictions that begin later follow it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to what is no finite number.</exception>
    public double? NullThreshold
    {
        get => Settings.Answering!.NullThreshold;
        set
        {
            if (value is { } number && !double.IsFinite(number)) throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(NullThreshold)} must be a finite number, or null.");
            var answering = Settings.Answering! with { NullThreshold = value };
            Settings = Settings with { Answering = answering };
            ((AnswerPredictor)Predictor).Settings = answering;
        }
    }

    internal override PTuningTransformer Copy(ModelSettings settings) => new PTuningQuestionAnsweringTransformer(Host, CopyOfModel(), Keys, settings);

    // Called by ML.NET when it finds the loader's signature in a model file.
    private static PTuningQuestionAnsweringTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        var (settings, keys, model) = SavedModel.Load(environment, context, LoaderSignature);
        return new PTuningQuestionAnsweringTransformer(environment.Register(nameof(PTuningQuestionAnsweringTransformer)), model, keys, settings);
    }
}
