// Normalizes one text, character by character.
using System.Globalization;
using System.Text;

namespace Microsoft.ML.Transforms.Text;

internal sealed record TextNormalizer(TextNormalizingEstimator.CaseMode CaseMode, bool KeepDiacritics, bool KeepPunctuations, bool KeepNumbers)
{
    internal ReadOnlyMemory<char> Normalize(ReadOnlyMemory<char> text)
    {
        var result = new StringBuilder(text.Length);
        foreach (char c in text.Span)
        {
            if ((!KeepPunctuations && char.IsPunctuation(c)) || (!KeepNumbers && char.IsNumber(c)))
                continue;
            char plain = KeepDiacritics || char.IsAscii(c) ? c : WithoutDiacritics(c);
            if (plain == '\0' && c != '\0')
                continue;
            result.Append(CaseMode switch
            {
                TextNormalizingEstimator.CaseMode.Lower => char.ToLowerInvariant(plain),
                TextNormalizingEstimator.CaseMode.Upper => char.ToUpperInvariant(plain),
                _ => plain,
            });
        }
        return result.ToString().AsMemory();
    }

    /// <summary>The letter under the marks; '\0' for a mark that stands alone. Only characters that are a letter with marks are changed.</summary>
    private static char WithoutDiacritics(char c)
    {
        if (char.IsSurrogate(c))
            return c;
        if (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark)
            return '\0';
        string parts = c.ToString().Normalize(NormalizationForm.FormD);
        return parts.Length > 1 && parts.Skip(1).All(p => CharUnicodeInfo.GetUnicodeCategory(p) == UnicodeCategory.NonSpacingMark) ? parts[0] : c;
    }
}
