// Options of PTuningV2LabelTokens.
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning;

/// <summary>Options for labeling words: named entities, parts of speech, semantic roles.</summary>
/// <param name="backboneFolder">The backbone's folder as Hugging Face publishes it.</param>
public sealed class TokenLabelingOptions(string backboneFolder) : PTuningOptions(backboneFolder)
{
    private static readonly DeepPrompt Prompt = new() { Length = 64 };

    /// <summary>
    /// Name of the column of words: a vector of text, or plain text, which is split into words whose offsets are kept. Default <c>Words</c>.
    /// The label column is then a vector of keys, one per word (beside plain text without a label for words outside entities, a missing key stands for those, and <c>O</c> becomes a
    /// class, as data for ML.NET's own <c>NamedEntityRecognition</c> need it); for plain text it may also be a vector of text that gives entities by their offsets,
    /// each as <c>"start end TYPE"</c> (end exclusive, counted in <see cref="OffsetUnit"/>), for example <c>"0 5 PER"</c>.
    /// </summary>
    public string WordsColumnName { get; set; } = "Words";

    /// <summary>
    /// How plain text is split into words; saved with the model. Default null: at white space where it comes with a vector of labels, one per word
    /// (the form of ML.NET's own <c>NamedEntityRecognition</c>), and otherwise by <see cref="MLNet.PTuning.WordSplitting.Punctuation"/>.
    /// </summary>
    public WordSplitting? WordSplitting { get; set; }

    /// <summary>
    /// The unit of all offsets, those of entities in the label column and those in the output columns; saved with the model. Annotation tools differ:
    /// Python tools export code points, tools that run in a browser often UTF-16 units. Default <see cref="OffsetUnit.Utf16"/>.
    /// </summary>
    public OffsetUnit OffsetUnit { get; set; }

    /// <summary>
    /// Name of the predicate's column for semantic role labeling: the index of a word (from 0, a number) or text; given to the backbone as the second text.
    /// Default null: none.
    /// </summary>
    public string? PredicateColumnName { get; set; }

    /// <summary>
    /// The scheme by which labels mark entities. Default null: guessed from the labels, with a warning where they fit no scheme (IOB1 cannot be distinguished from IOB2, and IOB2
    /// is assumed then); for entities that are given by their offsets, IOB2.
    /// </summary>
    public TagScheme? Scheme { get; set; }

    /// <summary>
    /// Predicts the most probable sequence of labels that the scheme allows, instead of each word's most probable label. Training rows that contradict
    /// <see cref="Scheme"/> are an error; where it was guessed, the transitions that they contain are allowed as well, with a warning. Default false.
    /// </summary>
    public bool Constrained { get; set; }

    /// <summary>Whether training counts every word piece of a word, instead of the first one. Default false.</summary>
    public bool LabelAllPieces { get; set; }

    /// <summary>
    /// Word pieces that two neighboring windows share where a row is longer than a window (<see cref="PTuningOptions.MaxSequenceLength"/>). Default 32.
    /// </summary>
    public int WindowOverlap { get; set; } = 32;

    /// <summary>
    /// Adds a row's entities as vector columns <c>EntityType</c>, <c>EntityText</c>, <c>EntityStart</c>, <c>EntityEnd</c> (offsets in the original text
    /// in <see cref="OffsetUnit"/>, end exclusive; for a vector of words, in the words joined by single spaces) and <c>EntityProbability</c> (mean over its words). Default false.
    /// </summary>
    public bool Entities { get; set; }

    private protected override TuningMethod DefaultMethod => Prompt;

    private protected override bool LabelsWords => true;

    internal override IEnumerable<(string Name, string Value)> Describe() => [.. base.Describe(), (nameof(Scheme), Text(Scheme))];

    internal override ITaskEstimator Estimator(IHostEnvironment environment) => new PTuningTokenLabelingEstimator(environment, this);

    internal override IEnumerable<string?> InputColumns => [WordsColumnName, PredicateColumnName, LabelColumnName];

    private protected override IEnumerable<string?> OutputColumns => [PredictedLabelColumnName, ScoreColumnName, .. LabelingColumns.Requested(Entities, WordOffsets).Select(c => c.Name)];

    private protected override string? ReasonAgainstVerbalizer =>
        "A verbalizer scores one masked word for a whole row, and labeling needs a label for every word: the language-model head is incompatible with it, "
        + "so P-Tuning v2 puts a classification head on every word instead. Leave Verbalizer null.";

    /// <summary>
    /// Adds the offsets of a row's words as vector columns <c>WordStart</c> and <c>WordEnd</c> (offsets in the original text in
    /// <see cref="OffsetUnit"/>, end exclusive): which words plain text was split into. Default false.
    /// </summary>
    public bool WordOffsets { get; set; }

    /// <summary>The columns of words and how they are read.</summary>
    /// <param name="textHasLabels">Whether they are plain text with a label per word.</param>
    internal WordColumns Columns(bool textHasLabels) => new(WordsColumnName, PredicateColumnName,
        WordSplitting ?? (textHasLabels ? PTuning.WordSplitting.WhiteSpace : PTuning.WordSplitting.Punctuation), OffsetUnit);

    internal override void Validate()
    {
        base.Validate();
        Require(WindowOverlap >= 0, nameof(WindowOverlap), WindowOverlap, "at least 0");
    }
}
