// Offsets in a text, counted in UTF-16 code units as .NET does or in code points as Python does.
namespace MLNet.PTuning.Text;

/// <summary>Translates offsets between UTF-16 units and the unit that is chosen.</summary>
internal sealed class OffsetMap
{
    // Where each code point begins, and the text's end; null where both units are the same.
    private readonly int[]? _starts;

    public OffsetMap(string text, OffsetUnit unit)
    {
        Length = text.Length;
        if (unit == OffsetUnit.Utf16 || !text.AsSpan().ContainsAnyInRange('\ud800', '\udfff')) return;
        var starts = new List<int>();
        for (int at = 0; at < text.Length; at += char.IsSurrogatePair(text, at) ? 2 : 1) starts.Add(at);
        _starts = [.. starts, text.Length];
        Length = starts.Count;
    }

    /// <summary>The text's length in the unit.</summary>
    public int Length { get; }

    /// <summary>The UTF-16 unit at an offset from 0 to <see cref="Length"/>.</summary>
    public int ToUtf16(int offset) => _starts is null ? offset : _starts[offset];

    /// <summary>The offset of a UTF-16 unit; that of the code point that it is part of.</summary>
    public int FromUtf16(int at)
    {
        if (_starts is null) return at;
        int found = Array.BinarySearch(_starts, at);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>The unit in words.</summary>
    public static string NameOf(OffsetUnit unit) => unit == OffsetUnit.Utf16 ? "UTF-16 code units" : "code points";
}
