// A trained labeler of words as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Adds <c>PredictedLabel</c> (a vector of keys, one per word) and <c>Score</c> [words, classes] to rows of words, and their entities on request.
/// Over a data view it predicts in batches; in a <c>PredictionEngine</c>, row by row.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> before a trainer that is appended.
/// </summary>
public sealed class PTuningTokenLabelingTransformer : PTuningTransformer
{
    internal const string LoaderSignature = "PTuningLabelTokens";

    internal PTuningTokenLabelingTransformer(IHostEnvironment host, TunedModel model, LabelKeys keys, ModelSettings settings)
        : base(host, model, keys, settings, LoaderSignature, shared => new TokenLabelingPredictor(shared, keys, settings)) { }

    /// <summary>The scheme by which labels mark entities.</summary>
    public TagScheme Scheme => Settings.Labeling!.Scheme;

    internal override PTuningTransformer Copy(ModelSettings settings) => new PTuningTokenLabelingTransformer(Host, CopyOfModel(), Keys, settings);

    // Called by ML.NET when it finds the loader's signature in a model file.
    private static PTuningTokenLabelingTransformer Create(IHostEnvironment environment, ModelLoadContext context) => Load(environment, context, backboneFolders: null);

    /// <inheritdoc cref="SavedModel.Load"/>
    internal static PTuningTokenLabelingTransformer Load(IHostEnvironment environment, ModelLoadContext context, IReadOnlyList<string>? backboneFolders)
    {
        var (settings, keys, model) = SavedModel.Load(environment, context, LoaderSignature, backboneFolders);
        return new PTuningTokenLabelingTransformer(environment.Register(nameof(PTuningTokenLabelingTransformer)), model, keys, settings);
    }
}
