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

    /// <summary>
    /// Parts of the texts whose mean hidden states the head reads in addition to the first token's, each through weights of its own: the word in question, or a pronoun and what it
    /// may stand for (WiC, WSC). Default: none.
    /// </summary>
    public IReadOnlyList<SpanColumns> Spans { get; set => field = value ?? throw new ArgumentNullException(nameof(Spans)); } = [];

    /// <summary>The unit in which the offsets of <see cref="Spans"/> are counted; saved with the model. Default <see cref="OffsetUnit.Utf16"/>.</summary>
    public OffsetUnit OffsetUnit { get; set; }

    /// <summary>The columns that prediction reads.</summary>
    internal TextColumns Columns => new(TextColumnName, TextPairColumnName) { Spans = Spans, Unit = OffsetUnit };

    internal override PTuningOptions Copy()
    {
        var copy = (TextClassificationOptions)base.Copy();
        copy.Spans = [.. Spans];
        return copy;
    }

    internal override string? ReasonAgainstHeadOfStart => Spans.Count > 0 ? "was trained to read no spans" : Pooling == Pooling.FirstToken ? null : $"was trained to read the first token, and Pooling is {Pooling}";

    // Without spans as before there were any, so that an older checkpoint can be continued.
    internal override IEnumerable<(string Name, string Value)> Describe() =>
        [.. base.Describe(), (nameof(Pooling), Text(Pooling)), .. Spans.Count == 0 ? [] : new[] { (nameof(Spans), string.Join(", ", Spans)), (nameof(OffsetUnit), Text(OffsetUnit)) }];

    internal override void Validate()
    {
        base.Validate();
        CheckPooling(Pooling);
        Require(Enum.IsDefined(OffsetUnit), nameof(OffsetUnit), OffsetUnit, "one of " + string.Join(", ", Enum.GetNames<OffsetUnit>()));
        if (Spans.Count > 0 && Verbalizer is not null) throw new ArgumentException("A verbalizer scores a masked word, and has no head that could read spans; leave Spans empty.", nameof(Spans));
        if (TextPairColumnName is null && Spans.Any(span => span.InPair)) throw new ArgumentException("A span is in the second text, and the rows have one text; set TextPairColumnName, or leave InPair false.", nameof(Spans));
    }

    internal override ITaskEstimator Estimator(IHostEnvironment environment) => new PTuningClassificationEstimator(environment, this);

    internal override IEnumerable<string?> InputColumns => [TextColumnName, TextPairColumnName, LabelColumnName, .. Spans.SelectMany(span => span.Names)];

    private protected override IEnumerable<string?> OutputColumns => [PredictedLabelColumnName, ScoreColumnName, ProbabilityColumnName];

    private protected override string? ReasonAgainstVerbalizer => null;
}
