// A trained model that chooses, as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Adds <c>PredictedLabel</c> (an Int32, the index from 0 of the most probable choice; −1 where there is none to choose) and <c>Score</c> (a vector of Single as long as the row's
/// choices, their probabilities).
/// Over a data view it predicts in batches; in a <c>PredictionEngine</c>, row by row.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> before a trainer that is appended.
/// </summary>
public sealed class PTuningMultipleChoiceTransformer : PTuningTransformer
{
    internal const string LoaderSignature = "PTuningChoose";

    internal PTuningMultipleChoiceTransformer(IHostEnvironment host, TunedModel model, LabelKeys keys, ModelSettings settings)
        : base(host, model, keys, settings, LoaderSignature, shared => new ChoicePredictor(shared, settings)) { }

    internal override PTuningTransformer Copy(ModelSettings settings) => new PTuningMultipleChoiceTransformer(Host, CopyOfModel(), Keys, settings);

    // Called by ML.NET when it finds the loader's signature in a model file.
    private static PTuningMultipleChoiceTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        var (settings, keys, model) = SavedModel.Load(environment, context, LoaderSignature);
        return new PTuningMultipleChoiceTransformer(environment.Register(nameof(PTuningMultipleChoiceTransformer)), model, keys, settings);
    }
}
