// Byte-level vocabularies take text as it is; some need a blank before it, so that its first word looks like every other.
namespace MLNet.PTuning.Text;

/// <param name="addsBlank">Whether a text gets a blank before it, unless it begins with one.</param>
/// <param name="trimsBlanks">Whether that blank stands for nothing of the text; otherwise it stands for the first character.</param>
internal sealed class ByteLevelNormalizer(bool addsBlank, bool trimsBlanks) : ITextNormalizer
{
    public bool AddsBlank => addsBlank;

    public AlignedText Normalize(AlignedText text)
    {
        if (!addsBlank || text.Length == 0 || text.Units[0] == ' ') return text;
        var (start, end) = text.Source(0);
        var normalized = new AlignedText(text.Length + 1);
        normalized.Append(' ', (start, trimsBlanks ? start : end));
        for (int at = 0; at < text.Length; at++) normalized.Append(text.Units[at], text.Source(at));
        return normalized;
    }
}
