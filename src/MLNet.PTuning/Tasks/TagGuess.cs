// Which scheme a set of labels is of, and which labels do not fit it.
namespace MLNet.PTuning.Tasks;

/// <summary>The scheme of a set of labels, as it was given or guessed.</summary>
/// <param name="Scheme">The scheme.</param>
/// <param name="IsGuess">Whether it was guessed from the labels.</param>
/// <param name="Doubts">What a user should know: which labels it does not fit, how they are read, and how to say otherwise. Empty where all is plain.</param>
internal sealed record TagGuess(TagScheme Scheme, bool IsGuess, IReadOnlyList<string> Doubts)
{
    private const int LabelsNamed = 3;

    /// <summary>The given scheme, or where there is none the one that the labels are most likely of. IOB1 and IOB2 look alike, and IOB2 is the answer where there is a B-.</summary>
    /// <exception cref="ArgumentException">A label is not of the given scheme.</exception>
    public static TagGuess Of(IEnumerable<string> labels, TagScheme? given = null)
    {
        if (given is null) return Guess(labels);
        foreach (string label in labels) Tags.Check(label, given.Value);
        return new TagGuess(given.Value, IsGuess: false, []);
    }

    private static TagGuess Guess(IEnumerable<string> labels)
    {
        string[] all = [.. labels.Distinct()], entities = [.. all.Where(l => !ChunkTag.IsOutside(l))];
        var tags = entities.Where(l => ChunkTag.Read(l) is not null).ToDictionary(l => l, l => ChunkTag.Read(l)!.Value);
        string[] others = [.. entities.Where(l => !tags.ContainsKey(l))];
        string[] unusual = [.. tags.Where(t => t.Key != t.Value.ToString()).Select(t => t.Key)];
        bool hasTypes = tags.Values.Any(t => t.Type.Length > 0);

        // A single letter, or an ending such as "_S", may be anything; labels that begin entities make them tags.
        bool isPlain = tags.Count == 0 || ((!hasTypes || unusual.Length == tags.Count) && tags.Values.All(t => t.Prefix != 'B'));
        int counted = entities.Count(l => !IsMarker(l));
        bool isMost = 2 * tags.Count > counted, isHalf = hasTypes && 2 * tags.Count == counted;
        if (all.Where(l => l.Contains('*') && (l.Length == 1 || l.Contains('(') || l.EndsWith(')'))).ToArray() is { Length: > 1 } brackets)
            return new TagGuess(TagScheme.Plain, IsGuess: true, [$"The labels {Named(brackets)} look like the brackets of CoNLL-2005 and CoNLL-2012, which are not read as entities, "
                + "but taken as plain labels. Write them as B-TYPE, I-TYPE and O."]);
        if (isPlain || !isMost)
            return new TagGuess(TagScheme.Plain, IsGuess: true, !isPlain && (isHalf || tags.Values.Any(t => others.Contains(t.Type))) ? [NoScheme(tags.Keys, others)] : []);
        if (SchemeOf([.. tags.Values.Select(t => t.Prefix)]) is not { } scheme) return new TagGuess(TagScheme.Plain, IsGuess: true, [NoScheme(tags.Keys, others)]);

        var doubts = new List<string>();
        if (others.Length > 0)
        {
            var (noun, verb, reading) = others.Length == 1 ? ("label", "is", "it is") : ("labels", "are", "each is");
            doubts.Add($"The {noun} {Named(others)} {verb} no chunk tag, while {tags.Count} others are of the scheme {scheme}; {reading} "
                + (scheme == TagScheme.Bilou ? "no entity" : "read as a type of its own")
                + ". Write B-TYPE, or O for words outside entities; or set the scheme to TagScheme.Plain to read all labels as types.");
        }
        if (hasTypes && tags.Where(t => t.Value.Type.Length == 0).Select(t => t.Key).ToArray() is { Length: > 0 } untyped)
            doubts.Add($"{Named(untyped)} has no type, while other tags have one; it is read as a tag of entities without a type.");
        if (unusual.Length > 0)
            doubts.Add($"{Named(unusual)} {(unusual.Length == 1 ? "is" : "are")} read as {string.Join(", ", unusual.Take(LabelsNamed).Select(l => $"'{tags[l]}'"))} of the scheme {scheme}. "
                + "If they are types, set the scheme to TagScheme.Plain.");
        if (hasTypes && others.Length == 0 && all.Length == entities.Length)
            doubts.Add($"No label is O, so that every word is in an entity (the scheme is taken as {scheme}). If another label stands for words outside entities, write O in its place "
                + "(ConllOptions.OutsideLabel).");
        return new TagGuess(scheme, IsGuess: true, doubts);
    }

    // Programs that label word pieces write these for pieces that begin no word, and for special tokens and padding.
    private static bool IsMarker(string label) => label is "X" or ['[', _, .., ']'] or ['<', _, .., '>'];

    private static TagScheme? SchemeOf(HashSet<char> prefixes)
    {
        TagScheme scheme = prefixes.Contains('M') ? TagScheme.Bmes
            : prefixes.Contains('U') || (prefixes.Contains('L') && prefixes.Contains('B')) ? TagScheme.Bilou
            : prefixes.Contains('E') || prefixes.Contains('S') ? TagScheme.Iobes
            : prefixes.Contains('B') ? TagScheme.Iob2
            : TagScheme.Iob1;
        return prefixes.All(Tags.PrefixesOf(scheme).Contains) ? scheme : null;
    }

    private static string NoScheme(IReadOnlyCollection<string> tags, IReadOnlyCollection<string> others) =>
        $"The labels {Named(tags)} look like chunk tags, but {(others.Count > 0 ? $"with {Named(others)} " : "")}they are of no known scheme (B I, B I E S, B M E S, B I L U). "
        + "They are taken as plain labels: neighboring words of one label are one entity. Write them in one of these schemes, or set the scheme to TagScheme.Plain where that is meant.";

    private static string Named(IReadOnlyCollection<string> labels) =>
        string.Join(", ", labels.Take(LabelsNamed).Select(l => $"'{l}'")) + (labels.Count > LabelsNamed ? $" and {labels.Count - LabelsNamed} more" : "");
}
