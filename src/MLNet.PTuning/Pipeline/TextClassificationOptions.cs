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

    private protected override IEnumerable<string?> InputColumns => [TextColumnName, TextPairColumnName, LabelColumnName];

    private protected override IEnumerable<string?> OutputColumns => [PredictedLabelColumnName, ScoreColumnName];

    private protected override string? ReasonAgainstVerbalizer => null;
}
