// Which words represent which class, for a head that uses the backbone's own masked-word head (Schick and Schütze, 2021; Liu et al., 2021).
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>
/// Makes the backbone's masked-word head the classifier: a masked word is put into each row, and a class is scored by its words' scores there.
/// A class's score is the mean over its words, a word's the mean over its word pieces, all at the one masked word; probabilities are the softmax over classes.
/// Nothing of the head is trained, so few rows are enough to begin with.
/// A decoder's own head scores the next token in place of a masked word: <c>{mask}</c> is where it is asked for and comes last (words after it are left out), and of a word of several pieces the first counts.
/// </summary>
public sealed class Verbalizer
{
    /// <summary>Words of each class, by the class's name (the label's value as text). A class without an entry is represented by its own name. Default: empty.</summary>
    public Dictionary<string, string[]> Words { get; init; } = [];

    /// <summary>
    /// Where the masked word goes, for a tuning method without a template of its own: <c>{mask}</c>, <c>{text}</c>, <c>{pair}</c> and words.
    /// Default <c>{text} {mask}</c>.
    /// </summary>
    public string Template { get; init; } = "{text} {mask}";

    /// <summary>A copy that stays as it is when this one's words are changed.</summary>
    internal Verbalizer Copy() => new() { Words = Words.ToDictionary(pair => pair.Key, pair => (string[]?)pair.Value?.Clone()!), Template = Template };

    internal void Validate()
    {
        if (PromptTemplate.Parse(Template).PromptLength > 0) throw new ArgumentException($"The verbalizer's template '{Template}' has prompt vectors; those belong to the template of PTuningV1.");
        foreach (var (name, words) in Words)
            if (words is null || words.Length == 0 || words.Any(string.IsNullOrWhiteSpace))
                throw new ArgumentException($"The verbalizer's class '{name}' has no words, or an empty one; give each class at least one word.");
    }

    /// <summary>Words of each class in the classes' order.</summary>
    /// <exception cref="ArgumentException">There are words for a class that does not exist.</exception>
    internal IReadOnlyList<IReadOnlyList<string>> WordsOf(IReadOnlyList<string> classNames)
    {
        foreach (string name in Words.Keys)
            if (!classNames.Contains(name)) throw new ArgumentException($"The verbalizer has words for '{name}', which is no class; the classes are {string.Join(", ", classNames)}.");
        return [.. classNames.Select(IReadOnlyList<string> (name) => Words.GetValueOrDefault(name) ?? [name])];
    }
}
