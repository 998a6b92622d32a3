// Byte-level vocabularies take text as it is; some want a blank before it, so that its first word looks like every other.
using System.Text;

namespace MLNet.PTuning.Text;

/// <param name="addsBlank">Whether a text gets a blank before it, unless it begins with one.</param>
/// <param name="trimsBlanks">Whether that blank stands for nothing of the text; otherwise it stands for the first character.</param>
internal sealed class ByteLevelNormalizer(bool addsBlank, bool trimsBlanks) : ITextNormalizer
{
    public bool AddsBlank => addsBlank;

    public AlignedText Normalize(string text, int start, int end)
    {
        var normalized = new AlignedText(end - start + 1);
        // Unpaired surrogates have no bytes; they become U+FFFD.
        for (int at = start; at < end;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at, end - at), out Rune rune, out int units);
            if (at == start && addsBlank && text[at] != ' ') normalized.Append(' ', at, trimsBlanks ? at : at + units);
            normalized.Append(rune, at, at + units);
            at += units;
        }
        return normalized;
    }
}
