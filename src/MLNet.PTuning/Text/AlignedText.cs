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

    /// <summary><c>text[start..end]</c> as it is; unpaired surrogates become U+FFFD.</summary>
    public static AlignedText Of(string text, int start, int end)
    {
        var aligned = new AlignedText(end - start + 1);
        for (int at = start; at < end;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at, end - at), out Rune rune, out int units);
            aligned.Append(rune, (at, at + units));
            at += units;
        }
        return aligned;
    }

    /// <summary>Where the unit at <paramref name="index"/> came from: UTF-16 units of the original text.</summary>
    public (int Start, int End) Source(int index) => _sources[index];

    /// <summary>Where the units from <paramref name="start"/> to <paramref name="end"/> (at least one) came from.</summary>
    public (int Start, int End) Source(int start, int end) => (_sources[start].Start, _sources[end - 1].End);

    public AlignedText Slice(int start, int end)
    {
        var slice = new AlignedText(end - start + 1);
        slice._units.AddRange(Units[start..end]);
        slice._sources.AddRange(CollectionsMarshal.AsSpan(_sources)[start..end]);
        return slice;
    }

    public void Append(char unit, (int Start, int End) source)
    {
        _units.Add(unit);
        _sources.Add(source);
    }

    public void Append(Rune rune, (int Start, int End) source)
    {
        Span<char> units = stackalloc char[2];
        foreach (char unit in units[..rune.EncodeToUtf16(units)]) Append(unit, source);
    }

    public void Append(ReadOnlySpan<char> units, (int Start, int End) source)
    {
        foreach (char unit in units) Append(unit, source);
    }

    /// <summary>The code point at <paramref name="index"/> and how many units it has.</summary>
    public Rune RuneAt(int index, out int units)
    {
        Rune.DecodeFromUtf16(Units[index..], out Rune rune, out units);
        return rune;
    }
}
