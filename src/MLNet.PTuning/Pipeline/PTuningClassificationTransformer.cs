// A trained text classifier as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Adds <c>PredictedLabel</c> (a key with the label's key values) and <c>Score</c> (a probability per class) to rows of text; in ML.NET's binary form
/// (<see cref="TextClassificationOptions.ProbabilityColumnName"/>) a log-odds as <c>Score</c>, and <c>Probability</c>.
/// Over a data view it predicts in batches; in a <c>PredictionEngine</c>, row by row.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> before a trainer that is appended.
/// </summary>
public sealed class PTuningClassificationTransformer : PTuningTransformer
{
    internal const string LoaderSignature = "PTuningTextClassify";

    internal PTuningClassificationTransformer(IHostEnvironment host, TunedModel model, LabelKeys keys, ModelSettings settings)
        : base(host, model, keys, settings, LoaderSignature, shared => new TextPredictor(shared, keys, settings)) { }

    internal override PTuningTransformer Copy(ModelSettings settings) => new PTuningClassificationTransformer(Host, CopyOfModel(), Keys, settings);

    // Called by ML.NET when it finds the loader's signature in a model file.
    private static PTuningClassificationTransformer Create(IHostEnvironment environment, ModelLoadContext context) => Load(environment, context, backboneFolders: null);

    /// <inheritdoc cref="SavedModel.Load"/>
    internal static PTuningClassificationTransformer Load(IHostEnvironment environment, ModelLoadContext context, IReadOnlyList<string>? backboneFolders)
    {
        var (settings, keys, model) = SavedModel.Load(environment, context, LoaderSignature, backboneFolders);
        return new PTuningClassificationTransformer(environment.Register(nameof(PTuningClassificationTransformer)), model, keys, settings);
    }
}
