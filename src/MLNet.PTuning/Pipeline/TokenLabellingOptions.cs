// Options of PTuningV2LabelTokens.
namespace MLNet.PTuning;

/// <summary>Options for labelling words: named entities, parts of speech, semantic roles.</summary>
/// <param name="backboneFolder">The backbone's folder as Hugging Face publishes it.</param>
public sealed class TokenLabellingOptions(string backboneFolder) : PTuningOptions(backboneFolder)
{
    /// <summary>
    /// Name of the column of words: a vector of text, or plain text, which is split into words whose places in it are kept. Default <c>Words</c>.
    /// The label column is then a vector of keys, one a word; beside plain text it may also be a vector of text that gives entities by their place in
    /// characters, each as <c>"start end TYPE"</c> (end exclusive), for example <c>"0 5 PER"</c>.
    /// </summary>
    public string WordsColumnName { get; set; } = "Words";

    /// <summary>
    /// Name of the predicate's column for semantic role labelling: the index of a word (from 0, a number) or text; given to the backbone as the second text.
    /// Default null: none.
    /// </summary>
    public string? PredicateColumnName { get; set; }

    /// <summary>
    /// How labels stand for entities. Default null: guessed from the labels (IOB1 cannot be told from IOB2, and IOB2 is taken then);
    /// for entities that are given by their place, IOB2.
    /// </summary>
    public TagScheme? Scheme { get; set; }

    /// <summary>Predicts the most probable sequence of labels that the scheme allows, instead of each word's most probable label. Default false.</summary>
    public bool Constrained { get; set; }

    /// <summary>Whether training counts every word piece of a word, instead of the first one. Default false.</summary>
    public bool LabelAllPieces { get; set; }

    /// <summary>
    /// Word pieces that two neighbouring windows share where a row is longer than a window (<see cref="PTuningOptions.MaxSequenceLength"/>). Default 32.
    /// </summary>
    public int WindowOverlap { get; set; } = 32;

    /// <summary>
    /// Adds a row's entities as vector columns <c>EntityType</c>, <c>EntityText</c>, <c>EntityStart</c>, <c>EntityEnd</c> (characters of the original text,
    /// end exclusive; for a vector of words, of the words joined by single spaces) and <c>EntityProbability</c> (mean over its words). Default false.
    /// </summary>
    public bool Entities { get; set; }

    internal override IEnumerable<(string Name, string Value)> Describe() => [.. base.Describe(), (nameof(Scheme), Text(Scheme))];

    private protected override string? ReasonAgainstVerbalizer =>
        "A verbalizer scores one masked word for a whole row, and labelling needs a label for every word: the language-model head is incompatible with it, "
        + "so P-Tuning v2 puts a classification head on every word instead. Leave Verbalizer null.";

    /// <summary>
    /// Adds the places of a row's words as vector columns <c>WordStart</c> and <c>WordEnd</c> (characters of the original text, end exclusive): which words
    /// plain text was split into. Default false.
    /// </summary>
    public bool WordPlaces { get; set; }

    internal override void Validate()
    {
        base.Validate();
        Require(WindowOverlap >= 0, nameof(WindowOverlap), WindowOverlap, "at least 0");
    }
}
