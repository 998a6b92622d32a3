// A normalized text that knows, for each of its units, which units of the original text it came from.
using System.Runtime.InteropServices;
using System.Text;

namespace MLNet.PTuning.Text;

internal sealed class AlignedText(int capacity)
{
    private readonly List<char> _units = new(capacity);
    private readonly List<(int Start, int End)> _sources = new(capacity);

    public int Length => _units.Count;

    /// <summary>The normalized text; valid until the next Append.</summary>
    public ReadOnlySpan<char> Units => CollectionsMarshal.AsSpan(_units);

    /// <summary>Where the unit at <paramref name="index"/> came from: UTF-16 units of the original text.</summary>
    public (int Start, int End) Source(int index) => _sources[index];

    public void Append(char unit, int start, int end)
    {
        _units.Add(unit);
        _sources.Add((start, end));
    }

    public void Append(Rune rune, int start, int end)
    {
        Span<char> units = stackalloc char[2];
        foreach (char unit in units[..rune.EncodeToUtf16(units)]) Append(unit, start, end);
    }
}
