// Options of PTuningV2Generate.
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning;

/// <summary>Options for writing: a text is continued. Training takes texts with targets, and counts the targets' tokens and the end token alone in the loss.</summary>
/// <param name="backboneFolder">The folder of a decoder as Hugging Face publishes it.</param>
public sealed class TextGenerationOptions(string backboneFolder) : PTuningOptions(backboneFolder)
{
    private const string Task = "writing";

    /// <summary>Name of the text column. Default <c>Text</c>.</summary>
    public string TextColumnName { get; set; } = "Text";

    /// <summary>Name of the column of the texts to write in training; each follows its row's text after a blank. Not needed in prediction. Default <c>Target</c>.</summary>
    public string TargetColumnName { get; set; } = "Target";

    /// <summary>Name of the output column of generated texts. Default <c>GeneratedText</c>.</summary>
    public string GeneratedTextColumnName { get; set; } = "GeneratedText";

    /// <inheritdoc cref="GenerationSettings.MaxNewTokens"/>
    public int MaxNewTokens { get => Generation.MaxNewTokens; set => Generation = Generation with { MaxNewTokens = value }; }

    /// <inheritdoc cref="GenerationSettings.BeamCount"/>
    public int BeamCount { get => Generation.BeamCount; set => Generation = Generation with { BeamCount = value }; }

    /// <inheritdoc cref="GenerationSettings.LengthPenalty"/>
    public double LengthPenalty { get => Generation.LengthPenalty; set => Generation = Generation with { LengthPenalty = value }; }

    /// <inheritdoc cref="GenerationSettings.Temperature"/>
    public double? Temperature { get => Generation.Temperature; set => Generation = Generation with { Temperature = value }; }

    /// <inheritdoc cref="GenerationSettings.TopK"/>
    public int? TopK { get => Generation.TopK; set => Generation = Generation with { TopK = value }; }

    /// <inheritdoc cref="GenerationSettings.TopP"/>
    public double? TopP { get => Generation.TopP; set => Generation = Generation with { TopP = value }; }

    /// <inheritdoc cref="GenerationSettings.StopTexts"/>
    public IReadOnlyList<string> StopTexts { get => Generation.StopTexts; set => Generation = Generation with { StopTexts = [.. value ?? throw new ArgumentNullException(nameof(StopTexts))] }; }

    /// <summary>How the trained model writes; drawing has the training's seed.</summary>
    internal GenerationSettings Generation { get; private set; } = new();

    /// <summary>The column that prediction reads.</summary>
    internal TextColumns Columns => new(TextColumnName, null);

    internal override ITaskEstimator Estimator(IHostEnvironment environment) => new PTuningTextGenerationEstimator(environment, this);

    internal override IEnumerable<string?> InputColumns => [TextColumnName, TargetColumnName];

    private protected override IEnumerable<string?> OutputColumns => [GeneratedTextColumnName, ScoreColumnName];

    internal override void Validate()
    {
        base.Validate();
        Generation.Validate();
        var defaults = new TextGenerationOptions(BackboneFolder);
        Refuse(Task, LabelColumnName != defaults.LabelColumnName, nameof(LabelColumnName), $"{nameof(TargetColumnName)} names the texts to train on");
        Refuse(Task, PredictedLabelColumnName != defaults.PredictedLabelColumnName, nameof(PredictedLabelColumnName), $"{nameof(GeneratedTextColumnName)} names the texts that are written");
        Refuse(Task, CalibrateOn != CalibrationRows.None, nameof(CalibrateOn), "the decoder's own head is frozen, and Temperature says how it draws");
        Refuse(Task, ClassWeights is not null, nameof(ClassWeights), "targets are tokens, not classes");
    }

    /// <summary>Checks that there is something to train.</summary>
    internal void ValidateTraining()
    {
        if (Method is HeadOnly || Method is HardPrompt { Trains: HeadOnly })
            throw new ArgumentException("HeadOnly trains a head alone, and a model that writes has the backbone's own, which stays frozen; take another method. For the backbone as it is: PTuningV2GenerateUntuned.", nameof(Method));
    }
}
