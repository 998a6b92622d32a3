// One UTF-16 unit that is no blank for each character of a vocabulary, as the library's merges need them.
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>
/// Characters beyond the basic plane, and the space, are spelled with private-use units that the vocabulary does not hold; all that it does not
/// hold share one of them.
/// </summary>
internal sealed class PieceAlphabet
{
    private const int FirstPrivate = 0xE000, LastPrivate = 0xF8FF;

    private readonly Dictionary<Rune, char> _units = [];
    private readonly char _unknown;

    /// <exception cref="InvalidDataException">The vocabulary has more such characters than there are private-use units.</exception>
    public PieceAlphabet(IEnumerable<string> pieces)
    {
        var characters = pieces.SelectMany(p => p.EnumerateRunes()).ToHashSet();
        using IEnumerator<int> free = Enumerable.Range(FirstPrivate, LastPrivate - FirstPrivate + 1)
            .Where(c => !characters.Contains(new Rune(c))).GetEnumerator();
        char Next() => free.MoveNext()
            ? (char)free.Current
            : throw new InvalidDataException("The vocabulary holds too many characters beyond the basic plane.");
        foreach (Rune rune in characters.Where(NeedsUnit).Order()) _units.Add(rune, Next());
        _unknown = Next();
    }

    public string Spell(string piece) => piece.EnumerateRunes().Any(NeedsUnit) ? Spell(piece.AsSpan()).Units.ToString() : piece;

    /// <summary>One unit a character of the word, each with the units of the word that it stands for.</summary>
    public AlignedText Spell(ReadOnlySpan<char> word)
    {
        var spelled = new AlignedText(word.Length);
        for (int at = 0; at < word.Length;)
        {
            Rune.DecodeFromUtf16(word[at..], out Rune rune, out int units);
            char unit = !NeedsUnit(rune) ? (char)rune.Value : _units.GetValueOrDefault(rune, _unknown);
            spelled.Append(unit, (at, at + units));
            at += units;
        }
        return spelled;
    }

    private static bool NeedsUnit(Rune rune) => !rune.IsBmp || rune.Value == ' ';
}
