// BERT's text clean-up: controls go, Chinese characters get blanks around them, case and marks go where asked.
using System.Globalization;
using System.Text;

namespace Microsoft.ML.Tokenizers;

internal sealed class BertNormalizer(bool lowerCase, bool individuallyTokenizeCjk, bool removeNonSpacingMarks) : Normalizer
{
    public override string Normalize(ReadOnlySpan<char> original) => Normalize(original.ToString());

    public override string Normalize(string original)
    {
        var cleaned = new StringBuilder(original.Length);
        string source = removeNonSpacingMarks ? original.Normalize(NormalizationForm.FormD) : original;
        foreach (Rune rune in source.EnumerateRunes())
        {
            if (rune.Value == 0xFFFD || removeNonSpacingMarks && Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark) continue;
            if (Rune.IsWhiteSpace(rune)) cleaned.Append(' ');
            else if (Rune.IsControl(rune)) continue;
            else if (individuallyTokenizeCjk && IsCjk(rune.Value)) cleaned.Append(' ').Append(rune.ToString()).Append(' ');
            else cleaned.Append((lowerCase ? Rune.ToLowerInvariant(rune) : rune).ToString());
        }
        return cleaned.ToString().Normalize(NormalizationForm.FormC);
    }

    private static bool IsCjk(int codePoint) => codePoint
        is >= 0x3400 and <= 0x4DBF or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x2A6DF
        or >= 0x2A700 and <= 0x2B73F or >= 0x2B740 and <= 0x2B81F or >= 0x2B820 and <= 0x2CEAF or >= 0x2F800 and <= 0x2FA1F;
}
