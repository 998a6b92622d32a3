// Spells a word's UTF-8 bytes as printable characters, as byte-level vocabularies are written, before the inner model cuts it.
using System.Text;

namespace MLNet.PTuning.Text;

internal sealed class ByteLevelModel(IPieceModel inner) : IPieceModel
{
    // Printable bytes of Latin-1 stand for themselves, the others, in order, for the characters from U+0100 on (GPT-2's alphabet).
    private static readonly char[] Spelling = Spell();

    private static readonly Dictionary<char, byte> ByteOf = Spelling.Select((unit, value) => (unit, value)).ToDictionary(p => p.unit, p => (byte)p.value);

    public int VocabularySize => inner.VocabularySize;

    public int? UnknownId => inner.UnknownId;

    public IReadOnlyDictionary<string, int> Vocabulary => inner.Vocabulary;

    public int? IdOf(string piece) => inner.IdOf(piece);

    public string? PieceOf(int id) => inner.PieceOf(id);

    // What is not of the alphabet, in a piece that an author added to the vocabulary, stands for itself.
    public void Spell(string piece, bool isFirst, List<byte> text)
    {
        if (piece.All(ByteOf.ContainsKey)) text.AddRange(piece.Select(unit => ByteOf[unit]));
        else text.AddRange(Encoding.UTF8.GetBytes(piece));
    }

    public void Encode(ReadOnlySpan<char> word, List<(int Id, int Start, int End)> pieces)
    {
        var spelled = new AlignedText(2 * word.Length);
        Span<byte> bytes = stackalloc byte[4];
        for (int at = 0; at < word.Length;)
        {
            Rune.DecodeFromUtf16(word[at..], out Rune rune, out int units);
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)]) spelled.Append(Spelling[value], (at, at + units));
            at += units;
        }
        int first = pieces.Count;
        inner.Encode(spelled.Units, pieces);
        for (int i = first; i < pieces.Count; i++)
        {
            var (start, end) = spelled.Source(pieces[i].Start, pieces[i].End);
            pieces[i] = (pieces[i].Id, start, end);
        }
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
