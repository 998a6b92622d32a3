// How tags of words mark spans: IOB and its variants, and the conversion between them.
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// How labels of words say where an entity begins and ends. <c>O</c> is a word outside every entity; <c>o</c> and <c>0</c> are read as <c>O</c> too.
/// Tags may lack a type (<c>B</c>, <c>I</c>; <c>B M E S</c> for word segmentation): their entities have the empty type. <c>B_PER</c>, <c>b-PER</c> and
/// <c>PER-B</c> are read as <c>B-PER</c>; what is written is always of the form <c>B-PER</c>.
/// </summary>
public enum TagScheme
{
    /// <summary>The label is the type itself, as in part-of-speech tagging. Neighboring words of one type count as one span.</summary>
    Plain,
    /// <summary>I- throughout; B- only where an entity directly follows another of its type (CoNLL-2003's own files).</summary>
    Iob1,
    /// <summary>B- on an entity's first word, I- on the others (also called BIO).</summary>
    Iob2,
    /// <summary>B- first, I- inside, E- last, S- an entity of one word (also called BIOES).</summary>
    Iobes,
    /// <summary>B- first, M- in the middle, E- last, S- an entity of one word.</summary>
    Bmes,
    /// <summary>
    /// B- first, I- inside, L- last, U- an entity of one word (also called BIOLU). Read strictly, as seqeval's strict mode does: tags that make no complete
    /// entity of one type are none. All other schemes are read leniently.
    /// </summary>
    Bilou,
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
    /// The entities that tags mark, read as leniently as the CoNLL evaluation script does: an I- that continues nothing begins an entity, and what
    /// follows an entity ends it. <see cref="TagScheme.Bilou"/> is read strictly: B- to L- of one type with I- between, or U-.
    /// </summary>
    /// <param name="tags">A tag a word.</param>
    /// <param name="scheme">How to read them.</param>
    public static IReadOnlyList<TagSpan> ToSpans(IReadOnlyList<string> tags, TagScheme scheme)
    {
        bool strict = scheme == TagScheme.Bilou;
        var spans = new List<TagSpan>();
        (int Start, string Type)? open = null;
        for (int i = 0; i < tags.Count; i++)
        {
            var (prefix, type) = ChunkTag.Read(tags[i], scheme);
            bool continues = open?.Type == type && (prefix is 'I' or 'M' or 'E');
            if (open is { } ended && !continues)
            {
                if (!strict) spans.Add(new TagSpan(ended.Start, i, ended.Type));
                open = null;
            }
            if (prefix == 'O' || (strict && open is null && prefix is 'I' or 'E')) continue;
            open ??= (i, type);
            if (prefix is not ('E' or 'S')) continue;
            spans.Add(new TagSpan(open.Value.Start, i + 1, type));
            open = null;
        }
        if (open is { } last && !strict) spans.Add(new TagSpan(last.Start, tags.Count, last.Type));
        return spans;
    }

    /// <summary>Tags for entities that do not overlap.</summary>
    /// <param name="spans">The entities, in order.</param>
    /// <param name="wordCount">Number of words.</param>
    /// <param name="scheme">How to write them.</param>
    /// <exception cref="ArgumentException">Entities overlap or lie outside the words, or lack the type that a plain label is.</exception>
    public static string[] FromSpans(IReadOnlyList<TagSpan> spans, int wordCount, TagScheme scheme)
    {
        var tags = new string[wordCount];
        Array.Fill(tags, Outside);
        TagSpan previous = default;
        foreach (var span in spans)
        {
            if (span.Start < previous.End || span.End <= span.Start || span.End > wordCount)
                throw new ArgumentException($"The entity {span.Type} over the words {span.Start} to {span.End} overlaps another or lies outside the {wordCount} words.");
            if (scheme == TagScheme.Plain && span.Type.Length == 0)
                throw new ArgumentException($"The entity over the words {span.Start} to {span.End} has no type, and a plain label is a type; take another scheme.");
            bool touches = span.Start == previous.End && span.Type == previous.Type;
            for (int i = span.Start; i < span.End; i++)
                tags[i] = Tag(scheme, span.Type, first: i == span.Start, last: i == span.End - 1, touches);
            previous = span;
        }
        return tags;
    }

    /// <summary>The same entities in another scheme.</summary>
    public static string[] Convert(IReadOnlyList<string> tags, TagScheme from, TagScheme to) => FromSpans(ToSpans(tags, from), tags.Count, to);

    /// <summary>
    /// The scheme that a set of tags is most likely of: that of most of them, and <see cref="TagScheme.Plain"/> where most are no tags of one known scheme.
    /// IOB1 and IOB2 look alike, and IOB2 is the answer where there is a B-; IOE1 and IOE2 are read as IOBES.
    /// </summary>
    public static TagScheme Guess(IEnumerable<string> tags) => TagGuess.Of(tags).Scheme;

    /// <summary>Checks that a tag belongs to a scheme.</summary>
    /// <exception cref="ArgumentException">It does not; the message says what does.</exception>
    internal static void Check(string tag, TagScheme scheme)
    {
        if (scheme == TagScheme.Plain) return;
        string prefixes = PrefixesOf(scheme);
        if (ChunkTag.Read(tag) is not { } read || (read.Prefix != 'O' && !prefixes.Contains(read.Prefix)))
            throw new ArgumentException($"The tag '{tag}' is not of the scheme {scheme}; its tags are O and {string.Join(", ", prefixes.Select(p => $"{p}-TYPE"))}.");
    }

    /// <summary>All tags of some types, "O" first.</summary>
    internal static IReadOnlyList<string> Of(IEnumerable<string> types, TagScheme scheme) =>
        [Outside, .. types.SelectMany(type => scheme == TagScheme.Plain ? [type] : PrefixesOf(scheme).Select(prefix => $"{prefix}-{type}"))];

    internal static string PrefixesOf(TagScheme scheme) => scheme switch
    {
        TagScheme.Iob1 or TagScheme.Iob2 => "BI",
        TagScheme.Iobes => "BIES",
        TagScheme.Bmes => "BMES",
        TagScheme.Bilou => "BILU",
        _ => "",
    };

    private static string Tag(TagScheme scheme, string type, bool first, bool last, bool touches)
    {
        if (scheme == TagScheme.Plain) return type;
        char prefix = scheme switch
        {
            TagScheme.Iob1 => first && touches ? 'B' : 'I',
            TagScheme.Iob2 => first ? 'B' : 'I',
            _ when first && last => scheme == TagScheme.Bilou ? 'U' : 'S',
            _ when first => 'B',
            _ when last => scheme == TagScheme.Bilou ? 'L' : 'E',
            TagScheme.Bmes => 'M',
            _ => 'I',
        };
        return new ChunkTag(prefix, type).ToString();
    }
}
