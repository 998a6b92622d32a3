// A trained model that writes, as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Adds <c>GeneratedText</c> (text: what the model writes after the row's text, without the blank between them) and <c>Score</c> (Single: the mean of its tokens' log-probabilities, natural logarithms,
/// the end token's included).
/// Over a data view it writes in batches; in a <c>PredictionEngine</c>, row by row; for an app that shows text as it is written, <see cref="CreateGenerator"/>.
/// A view is computed again for every pass over it: put <c>AppendCacheCheckpoint</c> after this step where several passes are made.
/// </summary>
public sealed class PTuningTextGenerationTransformer : PTuningTransformer
{
    internal const string LoaderSignature = "PTuningGenerate";

    internal PTuningTextGenerationTransformer(IHostEnvironment host, TunedModel model, ModelSettings settings)
        : base(host, model, LabelKeys.Of(TextGeneration.ClassNames), settings, LoaderSignature, shared => new GenerationPredictor(shared, settings)) { }

    /// <summary>How it writes. May be set, before the model is saved too: predictions that begin later follow it.</summary>
    /// <exception cref="ArgumentException">A setting is out of range, or the tokens do not fit the backbone's positions.</exception>
    public GenerationSettings Generation
    {
        get => Settings.Generation!;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            value.Validate();
            var own = value with { StopTexts = [.. value.StopTexts] };
            GenerationRows.CheckRoom(Own.Task, own);
            Settings = Settings with { Generation = own };
            Own.Generation = own;
        }
    }

    private GenerationPredictor Own => (GenerationPredictor)Predictor;

    /// <summary>What streams text token by token, with the settings of <see cref="Generation"/> at this time.</summary>
    /// <exception cref="InvalidOperationException">There are several beams: which is best is known at their end.</exception>
    public TextGenerator CreateGenerator() => Generation.BeamCount == 1 ? new TextGenerator(Own)
        : throw new InvalidOperationException($"BeamCount is {Generation.BeamCount}, and which beam is the best is known at its end; set Generation to one with BeamCount 1 before CreateGenerator.");

    /// <summary>
    /// Perplexity of targets after their texts: exp of the mean cross-entropy of the targets' tokens and end tokens, over all rows' tokens together. It compares models of the same tokenizer.
    /// </summary>
    /// <param name="data">Rows with the text column of the training and targets.</param>
    /// <param name="targetColumnName">The column of targets.</param>
    /// <exception cref="ArgumentException">A column is missing or no text, a row has no target, or there are no rows.</exception>
    public double Perplexity(IDataView data, string targetColumnName = "Target")
    {
        ArgumentNullException.ThrowIfNull(data);
        return Own.Perplexity(data, targetColumnName);
    }

    internal override PTuningTransformer Copy(ModelSettings settings) => new PTuningTextGenerationTransformer(Host, CopyOfModel(), settings);

    // Called by ML.NET when it finds the loader's signature in a model file.
    private static PTuningTextGenerationTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        var (settings, _, model) = SavedModel.Load(environment, context, LoaderSignature);
        return new PTuningTextGenerationTransformer(environment.Register(nameof(PTuningTextGenerationTransformer)), model, settings);
    }
}
