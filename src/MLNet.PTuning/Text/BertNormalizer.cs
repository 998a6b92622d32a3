// BERT's text clean-up: controls are removed, blanks become spaces, Chinese characters become words of their own, accents and case are removed where the model is without them.
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>The normalization that a BERT vocabulary was made with.</summary>
internal sealed class BertNormalizer : ITextNormalizer
{
    // .NET decomposes these; the reference, with older data, does not.
    private const int DivesAkuruVowelO = 0x11938, NonCharacter = 0xFFFE;

    private readonly bool _lowerCase, _stripAccents, _splitChinese, _cleanText;

    /// <exception cref="PlatformNotSupportedException">Accents are to be stripped, and .NET cannot decompose them in invariant mode.</exception>
    public BertNormalizer(bool lowerCase, bool stripAccents, bool splitChinese, bool cleanText = true)
    {
        if (stripAccents) UnicodeFormStep.RequireTables("strips accents");
        (_lowerCase, _stripAccents, _splitChinese, _cleanText) = (lowerCase, stripAccents, splitChinese, cleanText);
    }

    public AlignedText Normalize(AlignedText text)
    {
        var normalized = new AlignedText(text.Length + 2);
        for (int at = 0; at < text.Length;)
        {
            Rune rune = text.RuneAt(at, out int units);
            AppendCleaned(normalized, rune, text.Source(at));
            at += units;
        }
        return normalized;
    }

    private void AppendCleaned(AlignedText normalized, Rune rune, (int Start, int End) source)
    {
        switch (BertCharacters.Of(rune.Value))
        {
            case BertClass.Removed when _cleanText:
                return;
            case BertClass.Space when _cleanText:
                normalized.Append(' ', source);
                return;
            case BertClass.Chinese when _splitChinese:
                normalized.Append(' ', source);
                AppendFolded(normalized, rune, source);
                normalized.Append(' ', source);
                return;
            default:
                AppendFolded(normalized, rune, source);
                return;
        }
    }

    private void AppendFolded(AlignedText normalized, Rune rune, (int Start, int End) source)
    {
        if (rune.IsAscii || !_stripAccents || rune.Value is DivesAkuruVowelO or NonCharacter)
        {
            AppendCased(normalized, rune, source);
            return;
        }
        foreach (Rune part in rune.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes())
            if (BertCharacters.Of(part.Value) != BertClass.Mark) AppendCased(normalized, part, source);
    }

    private void AppendCased(AlignedText normalized, Rune rune, (int Start, int End) source)
    {
        if (_lowerCase) AppendLower(normalized, rune, source);
        else normalized.Append(rune, source);
    }

    /// <summary>Appends the lower case of a code point; that of U+0130 alone is two code points.</summary>
    public static void AppendLower(AlignedText normalized, Rune rune, (int Start, int End) source)
    {
        if (rune.Value == 0x130) normalized.Append("i\u0307", source);
        else normalized.Append(Lower(rune), source);
    }

    // The reference knows the letter pairs of Unicode 17; .NET 10 those up to 15.1.
    private static Rune Lower(Rune rune) => rune.Value switch
    {
        0x1C89 or 0xA7CC or 0xA7CE or 0xA7D2 or 0xA7D4 or 0xA7DA => new Rune(rune.Value + 1),
        0xA7CB => new Rune(0x264),
        0xA7DC => new Rune(0x19B),
        >= 0x10D50 and <= 0x10D65 => new Rune(rune.Value + 0x20),
        >= 0x16EA0 and <= 0x16EB8 => new Rune(rune.Value + 0x1B),
        _ => Rune.ToLowerInvariant(rune),
    };
}
