// Options of PTuningV2Classify.
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning;

/// <summary>Options for classifying texts or pairs of texts.</summary>
/// <param name="backboneFolder">The backbone's folder as Hugging Face publishes it.</param>
public sealed class TextClassificationOptions(string backboneFolder) : PTuningOptions(backboneFolder)
{
    /// <summary>Name of the text column. Default <c>Text</c>.</summary>
    public string TextColumnName { get; set; } = "Text";

    /// <summary>Name of the second text's column for pairs of texts (premise and hypothesis, question and passage). Default null: single texts.</summary>
    public string? TextPairColumnName { get; set; }

    /// <summary>
    /// Name of the column of the second class's probability, for two classes in ML.NET's binary form: <c>Score</c> is then that class's log-odds, a Single, and
    /// <c>BinaryClassification</c>'s evaluation, cross-validation and calibration take the output. The second class is the one of key 2, or true.
    /// Default null: ML.NET's multiclass form; for a Boolean label, which is taken directly and makes the predicted label Boolean too, <c>Probability</c>.
    /// </summary>
    public string? ProbabilityColumnName { get; set; }

    /// <summary>
    /// What the classification head reads of a row. Default <see cref="Pooling.FirstToken"/>; <see cref="Pooling.Mean"/> suits sentence encoders, which are trained for the mean
    /// over tokens. For every tuning method but with a <see cref="PTuningOptions.Verbalizer"/> or <see cref="SoftPrompt.PoolsFirstVector"/>, which say themselves what is read.
    /// </summary>
    public Pooling Pooling { get; set; }

    internal override string? ReasonAgainstHeadOfStart => Pooling == Pooling.FirstToken ? null : $"was trained to read the first token, and Pooling is {Pooling}";

    internal override IEnumerable<(string Name, string Value)> Describe() => [.. base.Describe(), (nameof(Pooling), Text(Pooling))];

    internal override void Validate()
    {
        base.Validate();
        CheckPooling(Pooling);
    }

    internal override ITaskEstimator Estimator(IHostEnvironment environment) => new PTuningClassificationEstimator(environment, this);

    internal override IEnumerable<string?> InputColumns => [TextColumnName, TextPairColumnName, LabelColumnName];

    private protected override IEnumerable<string?> OutputColumns => [PredictedLabelColumnName, ScoreColumnName, ProbabilityColumnName];

    private protected override string? ReasonAgainstVerbalizer => null;
}
