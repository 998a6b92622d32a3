// Which tag may follow which: by the scheme, and in addition by what training rows showed.
namespace MLNet.PTuning.Tasks;

/// <summary>Transitions between tags by their index; null stands for a row's beginning or end.</summary>
internal sealed class TagTransitions
{
    private readonly bool[,] _mayFollow;

    /// <param name="tags">The labels.</param>
    /// <param name="scheme">Their scheme.</param>
    /// <param name="widened">Kinds of transition (<see cref="Kind"/>) that are allowed in addition to the scheme's.</param>
    public TagTransitions(IReadOnlyList<string> tags, TagScheme scheme, IReadOnlyCollection<string> widened)
    {
        ChunkTag[] read = [.. tags.Append(null).Select(t => Read(t, scheme))];
        _mayFollow = new bool[read.Length, read.Length];
        for (int p = 0; p < read.Length; p++)
            for (int t = 0; t < read.Length; t++) _mayFollow[p, t] = IsOfScheme(read[p], read[t], scheme) || widened.Contains(KindOf(read[p], read[t]));
    }

    /// <summary>Whether <paramref name="tag"/> may follow <paramref name="previous"/>.</summary>
    public bool MayFollow(int? previous, int? tag) => _mayFollow[previous ?? _mayFollow.GetLength(0) - 1, tag ?? _mayFollow.GetLength(0) - 1];

    /// <summary>
    /// The kind of a transition, the same for all types: whether an entity is open (<c>I</c>) or not (<c>O</c>), the prefix that follows, and where both
    /// matter, whether the type is the same (<c>=</c>) or another (<c>/</c>).
    /// </summary>
    public static string Kind(string? previous, string? tag, TagScheme scheme) => KindOf(Read(previous, scheme), Read(tag, scheme));

    /// <summary>The kinds of transition by which <paramref name="tag"/> begins an entity: from outside, and under IOB also directly after another type's.</summary>
    public static IEnumerable<string> KindsOfBeginning(string tag, TagScheme scheme)
    {
        var read = Read(tag, scheme);
        return scheme is TagScheme.Iob1 or TagScheme.Iob2 ? [$"O{read.Prefix}", $"I{read.Prefix}/"] : [$"O{read.Prefix}"];
    }

    private static string KindOf(ChunkTag previous, ChunkTag tag) =>
        !previous.IsOpen ? $"O{tag.Prefix}" : tag.Prefix == 'O' ? "IO" : $"I{tag.Prefix}{(previous.Type == tag.Type ? '=' : '/')}";

    private static bool IsOfScheme(ChunkTag previous, ChunkTag tag, TagScheme scheme)
    {
        bool goesOn = previous.IsOpen && tag.Prefix != 'O' && previous.Type == tag.Type;
        return scheme switch
        {
            TagScheme.Plain => true,
            TagScheme.Iob2 => tag.Prefix != 'I' || goesOn,
            TagScheme.Iob1 => tag.Prefix != 'B' || goesOn,
            _ => previous.IsOpen ? goesOn && (tag.Prefix is 'I' or 'M' or 'E') : tag.Prefix is 'O' or 'B' or 'S',
        };
    }

    // A label that is no chunk tag is allowed where O is.
    private static ChunkTag Read(string? tag, TagScheme scheme) => tag is null || ChunkTag.Read(tag) is null ? new ChunkTag('O', "") : ChunkTag.Read(tag, scheme);
}
