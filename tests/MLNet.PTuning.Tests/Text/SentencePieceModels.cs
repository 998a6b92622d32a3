// Writes small SentencePiece models, field by field as sentencepiece_model.proto (google/sentencepiece) numbers them.
using System.Buffers.Binary;
using System.Text;

namespace MLNet.PTuning.Tests.Text;

internal static class SentencePieceModels
{
    public const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, OneByte = 6;

    public const int Unigram = 1, BytePairs = 2;

    /// <param name="type">Unigram or BytePairs.</param>
    /// <param name="map">The compiled normalization map; empty maps nothing.</param>
    /// <param name="pieces">Text, score, kind.</param>
    public static byte[] Write(int type, byte[] map, params (string Text, float Score, int Kind)[] pieces) =>
        [.. Pieces(pieces), .. Bytes(2, Number(3, type)), .. Bytes(3, [.. Bytes(2, map), .. Number(3, 1), .. Number(4, 1)])];

    /// <summary>A model as Llama's: byte pairs, unknown characters as bytes, blanks kept.</summary>
    public static byte[] WriteLlama(IEnumerable<(string Text, float Score, int Kind)> pieces) =>
        [.. Pieces(pieces), .. Bytes(2, [.. Number(3, BytePairs), .. Number(35, 1)]), .. Bytes(3, [.. Number(3, 1), .. Number(4, 0)])];

    /// <summary>A normalization map of single bytes: a double array in which each key has its own leaf.</summary>
    public static byte[] Map(params (char From, string To)[] replacements)
    {
        // The root's block starts at 256; the leaf of key b is at (256 ^ b) ^ 512, beyond both blocks.
        uint[] trie = new uint[1024];
        trie[0] = 256 << 10;
        var texts = new List<byte>();
        foreach (var (from, to) in replacements)
        {
            trie[256 ^ from] = 512u << 10 | 1 << 8 | from;
            trie[256 ^ from ^ 512] = 0x80000000 | (uint)texts.Count;
            texts.AddRange([.. Encoding.UTF8.GetBytes(to), 0]);
        }
        byte[] map = new byte[4 + 4 * trie.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(map, (uint)(4 * trie.Length));
        for (int i = 0; i < trie.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(map.AsSpan(4 + 4 * i), trie[i]);
        return [.. map, .. texts];
    }

    private static IEnumerable<byte> Pieces(IEnumerable<(string Text, float Score, int Kind)> pieces) =>
        pieces.SelectMany(p => Bytes(1, [.. Bytes(1, Encoding.UTF8.GetBytes(p.Text)), .. Single(2, p.Score), .. Number(3, p.Kind)]));

    private static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

    private static byte[] Single(int field, float value) => [.. Varint(field << 3 | 5), .. BitConverter.GetBytes(value)];

    private static byte[] Bytes(int field, byte[] value) => [.. Varint(field << 3 | 2), .. Varint(value.Length), .. value];

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value > 127; value >>= 7) yield return (byte)(value | 128);
        yield return (byte)value;
    }
}
