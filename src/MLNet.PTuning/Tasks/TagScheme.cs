// How tags of words stand for spans: IOB and its kin, and the conversion between them.
namespace MLNet.PTuning;

/// <summary>How labels of words say where an entity begins and ends. "O" is a word outside every entity.</summary>
public enum TagScheme
{
    /// <summary>The label is the type itself, as in part-of-speech tagging. Neighbouring words of one type count as one span.</summary>
    Plain,
    /// <summary>I- throughout; B- only where an entity directly follows another of its type (CoNLL-2003's own files).</summary>
    Iob1,
    /// <summary>B- on an entity's first word, I- on the others (also called BIO).</summary>
    Iob2,
    /// <summary>B- first, I- inside, E- last, S- an entity of one word (also called BIOES).</summary>
    Iobes,
    /// <summary>B- first, M- in the middle, E- last, S- an entity of one word.</summary>
    Bmes,
}

/// <summary>A run of words that are one entity.</summary>
/// <param name="Start">Index of its first word.</param>
/// <param name="End">Index after its last word.</param>
/// <param name="Type">What it is, for example <c>PER</c>.</param>
public readonly record struct TagSpan(int Start, int End, string Type);

/// <summary>Reading and writing of tags.</summary>
public static class Tags
{
    /// <summary>The tag of a word outside every entity.</summary>
    public const string Outside = "O";

    /// <summary>
    /// The entities that tags stand for, read as leniently as the CoNLL evaluation script does: an I- that continues nothing begins an entity.
    /// </summary>
    /// <param name="tags">A tag a word.</param>
    /// <param name="scheme">How to read them.</param>
    public static IReadOnlyList<TagSpan> ToSpans(IReadOnlyList<string> tags, TagScheme scheme)
    {
        var spans = new List<TagSpan>();
        (int Start, string Type)? open = null;
        for (int i = 0; i < tags.Count; i++)
        {
            var (prefix, type) = Parse(tags[i], scheme);
            bool continues = open?.Type == type && (prefix is 'I' or 'M' or 'E');
            if (open is { } ended && !continues)
            {
                spans.Add(new TagSpan(ended.Start, i, ended.Type));
                open = null;
            }
            if (prefix == 'O') continue;
            open ??= (i, type);
            if (prefix is not ('E' or 'S')) continue;
            spans.Add(new TagSpan(open.Value.Start, i + 1, type));
            open = null;
        }
        if (open is { } last) spans.Add(new TagSpan(last.Start, tags.Count, last.Type));
        return spans;
    }

    /// <summary>Tags for entities that do not overlap.</summary>
    /// <param name="spans">The entities, in order.</param>
    /// <param name="wordCount">Number of words.</param>
    /// <param name="scheme">How to write them.</param>
    /// <exception cref="ArgumentException">Entities overlap or lie outside the words.</exception>
    public static string[] FromSpans(IReadOnlyList<TagSpan> spans, int wordCount, TagScheme scheme)
    {
        var tags = new string[wordCount];
        Array.Fill(tags, Outside);
        TagSpan previous = default;
        foreach (var span in spans)
        {
            if (span.Start < previous.End || span.End <= span.Start || span.End > wordCount)
                throw new ArgumentException($"The entity {span.Type} over the words {span.Start} to {span.End} overlaps another or lies outside the {wordCount} words.");
            bool touches = span.Start == previous.End && span.Type == previous.Type;
            for (int i = span.Start; i < span.End; i++)
                tags[i] = Tag(scheme, span.Type, first: i == span.Start, last: i == span.End - 1, touches);
            previous = span;
        }
        return tags;
    }

    /// <summary>The same entities in another scheme.</summary>
    public static string[] Convert(IReadOnlyList<string> tags, TagScheme from, TagScheme to) => FromSpans(ToSpans(tags, from), tags.Count, to);

    /// <summary>The scheme that a set of tags is most likely of; IOB1 and IOB2 look alike, and IOB2 is the answer then.</summary>
    public static TagScheme Guess(IEnumerable<string> tags)
    {
        var prefixes = new HashSet<char>();
        foreach (string tag in tags.Where(t => t != Outside))
        {
            if (tag.Length < 2 || tag[1] != '-' || !"BIMES".Contains(tag[0])) return TagScheme.Plain;
            prefixes.Add(tag[0]);
        }
        return prefixes.Count == 0 ? TagScheme.Plain
            : prefixes.Contains('M') ? TagScheme.Bmes
            : prefixes.Contains('E') || prefixes.Contains('S') ? TagScheme.Iobes
            : TagScheme.Iob2;
    }

    /// <summary>Checks that a tag belongs to a scheme.</summary>
    /// <exception cref="ArgumentException">It does not; the message says what does.</exception>
    public static void Check(string tag, TagScheme scheme)
    {
        if (scheme == TagScheme.Plain || tag == Outside) return;
        string prefixes = PrefixesOf(scheme);
        if (tag.Length < 3 || tag[1] != '-' || !prefixes.Contains(tag[0]))
            throw new ArgumentException($"The tag '{tag}' is not of the scheme {scheme}; its tags are O and {string.Join(", ", prefixes.Select(p => $"{p}-TYPE"))}.");
    }

    /// <summary>Whether <paramref name="tag"/> may follow <paramref name="previous"/>; null stands for the sentence's beginning or end.</summary>
    internal static bool MayFollow(string? previous, string? tag, TagScheme scheme)
    {
        if (scheme == TagScheme.Plain) return true;
        var (before, beforeType) = previous is null ? ('O', "") : Parse(previous, scheme);
        var (after, afterType) = tag is null ? ('O', "") : Parse(tag, scheme);
        bool same = beforeType == afterType;
        return scheme switch
        {
            TagScheme.Iob2 => after != 'I' || (before is 'B' or 'I' && same),
            TagScheme.Iob1 => after != 'B' || (before is 'B' or 'I' && same),
            _ => before is 'B' or 'I' or 'M' ? after is 'I' or 'M' or 'E' && same : after is 'O' or 'B' or 'S',
        };
    }

    /// <summary>All tags of some types, "O" first.</summary>
    internal static IReadOnlyList<string> Of(IEnumerable<string> types, TagScheme scheme) =>
        [Outside, .. types.SelectMany(type => scheme == TagScheme.Plain ? [type] : PrefixesOf(scheme).Select(prefix => $"{prefix}-{type}"))];

    private static string PrefixesOf(TagScheme scheme) => scheme switch
    {
        TagScheme.Iob1 or TagScheme.Iob2 => "BI",
        TagScheme.Iobes => "BIES",
        TagScheme.Bmes => "BMES",
        _ => "",
    };

    // Under the plain scheme, every word of a type continues a neighbour of the same type.
    private static (char Prefix, string Type) Parse(string tag, TagScheme scheme) =>
        tag == Outside ? ('O', "") : scheme == TagScheme.Plain ? ('I', tag) : tag.Length > 2 && tag[1] == '-' ? (tag[0], tag[2..]) : ('I', tag);

    private static string Tag(TagScheme scheme, string type, bool first, bool last, bool touches) => scheme switch
    {
        TagScheme.Plain => type,
        TagScheme.Iob1 => (first && touches ? "B-" : "I-") + type,
        TagScheme.Iob2 => (first ? "B-" : "I-") + type,
        _ when first && last => "S-" + type,
        _ when first => "B-" + type,
        _ when last => "E-" + type,
        TagScheme.Bmes => "M-" + type,
        _ => "I-" + type,
    };
}
