// Spells a word's UTF-8 bytes as printable characters, as byte-level vocabularies are written, before the inner model cuts it.
using System.Buffers;
using System.Text;

namespace MLNet.PTuning.Text;

internal sealed class ByteLevelModel(IPieceModel inner) : IPieceModel
{
    // Printable bytes of Latin-1 stand for themselves, the others, in order, for the characters from U+0100 on (GPT-2's alphabet).
    private static readonly char[] Spelling = Spell();

    public int VocabularySize => inner.VocabularySize;

    public int? IdOf(string piece) => inner.IdOf(piece);

    public void Encode(ReadOnlySpan<char> word, List<(int Id, int Start, int End)> pieces)
    {
        const int MostBytesOfAUnit = 3;
        char[] spelt = ArrayPool<char>.Shared.Rent(MostBytesOfAUnit * word.Length);
        (int Start, int End)[] sources = ArrayPool<(int, int)>.Shared.Rent(MostBytesOfAUnit * word.Length);
        Span<byte> bytes = stackalloc byte[4];
        int length = 0;
        for (int at = 0; at < word.Length;)
        {
            Rune.DecodeFromUtf16(word[at..], out Rune rune, out int units);
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                spelt[length] = Spelling[value];
                sources[length++] = (at, at + units);
            }
            at += units;
        }
        int first = pieces.Count;
        inner.Encode(spelt.AsSpan(0, length), pieces);
        for (int i = first; i < pieces.Count; i++)
            pieces[i] = (pieces[i].Id, sources[pieces[i].Start].Start, sources[pieces[i].End - 1].End);
        ArrayPool<char>.Shared.Return(spelt);
        ArrayPool<(int, int)>.Shared.Return(sources);
    }

    private static char[] Spell()
    {
        char[] spelling = new char[256];
        int next = 0x100;
        for (int value = 0; value < spelling.Length; value++)
            spelling[value] = (char)(value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? value : next++);
        return spelling;
    }
}
