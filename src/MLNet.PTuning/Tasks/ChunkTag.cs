// One label as a chunk tag: what its prefix says of the word's position in an entity, and the entity's type, however the two are written.
namespace MLNet.PTuning.Tasks;

/// <summary>A label's prefix and type.</summary>
/// <param name="Prefix">B first, I (or M) inside, E (or L) last, S (or U) alone; O outside.</param>
/// <param name="Type">The type; empty where tags have none.</param>
internal readonly record struct ChunkTag(char Prefix, string Type)
{
    private const string Letters = "BIMELSUW", Separators = "-_";

    /// <summary>Whether an entity that holds this word may continue after it.</summary>
    public bool IsOpen => Prefix is 'B' or 'I' or 'M';

    /// <summary>Whether a label is that of words outside every entity: <c>O</c>, or the <c>o</c> and <c>0</c> that some files have.</summary>
    public static bool IsOutside(string label) => label is "O" or "o" or "0";

    /// <summary>
    /// Reads <c>B-PER</c>, the same with an underscore, a lower-case prefix or the prefix after the type (<c>PER-B</c>), and a prefix without a type;
    /// null where a label is none of these.
    /// </summary>
    public static ChunkTag? Read(string label)
    {
        if (IsOutside(label)) return new ChunkTag('O', "");
        if (label.Length == 1) return IsPrefix(label[0]) ? Of(label[0], "") : null;
        if (label.Length < 3) return null;
        if (IsPrefix(label[0]) && Separators.Contains(label[1])) return Of(label[0], label[2..]);
        return IsPrefix(label[^1]) && Separators.Contains(label[^2]) ? Of(label[^1], label[..^2]) : null;

        static bool IsPrefix(char c) => Letters.Contains(char.ToUpperInvariant(c));

        static ChunkTag Of(char prefix, string type) => new(char.ToUpperInvariant(prefix), type);
    }

    /// <summary>Reads a label under a scheme, with E for L and S for U and W. A label that is no chunk tag, and every plain one, continues a neighbor of its kind.</summary>
    public static ChunkTag Read(string label, TagScheme scheme)
    {
        if (IsOutside(label)) return new ChunkTag('O', "");
        if (scheme == TagScheme.Plain || Read(label) is not { } tag) return new ChunkTag('I', label);
        return tag.Prefix switch
        {
            'L' => tag with { Prefix = 'E' },
            'U' or 'W' => tag with { Prefix = 'S' },
            _ => tag,
        };
    }

    /// <summary>The tag as it is usually written: <c>B-PER</c>, or <c>B</c> without a type.</summary>
    public override string ToString() => Type.Length == 0 ? Prefix.ToString() : $"{Prefix}-{Type}";
}
