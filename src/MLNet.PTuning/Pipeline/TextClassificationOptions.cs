// Options of PTuningV2Classify.
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

    private protected override IEnumerable<string?> InputColumns => [TextColumnName, TextPairColumnName, LabelColumnName];

    private protected override IEnumerable<string?> OutputColumns => [PredictedLabelColumnName, ScoreColumnName, ProbabilityColumnName];

    private protected override string? ReasonAgainstVerbalizer => null;
}
