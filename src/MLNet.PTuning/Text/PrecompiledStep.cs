// SentencePiece's compiled normalization: a map of characters to their replacements, stored as a double-array trie.
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>
/// The format is a length, the trie's units (32 bits each, as in S. Yata's darts-clone) over UTF-8 bytes, and the replacements, each ended by a
/// zero byte; a trie's value is its replacement's offset. Whole text elements are looked up first, then their characters, as in Hugging Face's.
/// </summary>
internal sealed class PrecompiledStep : ITextNormalizer
{
    // Longer text elements are taken character by character.
    private const int MostElementBytes = 5;

    private readonly uint[] _trie;
    private readonly byte[] _replacements;

    /// <exception cref="InvalidDataException">The map is cut short.</exception>
    public PrecompiledStep(ReadOnlySpan<byte> map)
    {
        uint trieBytes = map.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (trieBytes == 0 || trieBytes % 4 != 0 || trieBytes > map.Length - 4)
            throw new InvalidDataException("the compiled normalization map (precompiled_charsmap) is damaged");
        _trie = new uint[trieBytes / 4];
        for (int i = 0; i < _trie.Length; i++) _trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[(4 + 4 * i)..]);
        _replacements = map[(4 + (int)trieBytes)..].ToArray();
    }

    public AlignedText Normalize(AlignedText text)
    {
        var normalized = new AlignedText(text.Length);
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = StringInfo.GetNextTextElementLength(text.Units[at..]);
            ReadOnlySpan<char> element = text.Units.Slice(at, length);
            if (Encoding.UTF8.GetByteCount(element) <= MostElementBytes && Find(element) is { } replacement)
            {
                normalized.Append(replacement, text.Source(at, at + length));
                continue;
            }
            for (int part = at, units; part < at + length; part += units)
            {
                Rune rune = text.RuneAt(part, out units);
                if (Find(text.Units.Slice(part, units)) is { } partReplacement) normalized.Append(partReplacement, text.Source(part));
                else normalized.Append(rune, text.Source(part));
            }
        }
        return normalized;
    }

    /// <summary>The replacement of the shortest beginning of <paramref name="element"/> that has one.</summary>
    private string? Find(ReadOnlySpan<char> element)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes = bytes[..Encoding.UTF8.GetBytes(element, bytes)];
        uint node = Offset(_trie[0]);
        foreach (byte value in bytes)
        {
            node ^= value;
            if (value == 0 || node >= _trie.Length || Label(_trie[node]) != value) return null;
            uint unit = _trie[node];
            node ^= Offset(unit);
            if (!HasLeaf(unit)) continue;
            return node < _trie.Length ? ReplacementAt(Value(_trie[node])) : null;
        }
        return null;
    }

    private string? ReplacementAt(uint start)
    {
        if (start >= _replacements.Length) return null;
        ReadOnlySpan<byte> rest = _replacements.AsSpan((int)start);
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private static bool HasLeaf(uint unit) => (unit >> 8 & 1) == 1;

    private static uint Value(uint unit) => unit & 0x7FFFFFFF;

    // A leaf's label has the highest bit, so that no byte equals it.
    private static uint Label(uint unit) => unit & 0x800000FF;

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1 << 9) >> 6);
}
