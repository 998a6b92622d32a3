// The steps that a normalizer of tokenizer.json or of a SentencePiece model consists of.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Text;

internal sealed class TextAsItIs : ITextNormalizer
{
    public static TextAsItIs Instance { get; } = new();

    public AlignedText Normalize(AlignedText text) => text;
}

internal sealed class NormalizerSequence(IReadOnlyList<ITextNormalizer> steps) : ITextNormalizer
{
    public AlignedText Normalize(AlignedText text) => steps.Aggregate(text, (current, step) => step.Normalize(current));
}

/// <summary>Puts <paramref name="prefix"/> before a text that is not empty; it stands for the text's first character.</summary>
internal sealed class PrependStep(string prefix) : ITextNormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        if (text.Length == 0) return text;
        var normalized = new AlignedText(text.Length + prefix.Length);
        normalized.Append(prefix, text.Source(0));
        for (int at = 0; at < text.Length; at++) normalized.Append(text.Units[at], text.Source(at));
        return normalized;
    }
}

/// <summary>Replaces each match of <paramref name="pattern"/>; the replacement stands for all of what it replaces.</summary>
internal sealed class ReplaceStep(Regex pattern, string replacement) : ITextNormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        var normalized = new AlignedText(text.Length);
        int done = 0;
        foreach (ValueMatch match in pattern.EnumerateMatches(text.Units))
        {
            for (; done < match.Index; done++) normalized.Append(text.Units[done], text.Source(done));
            if (match.Length > 0) normalized.Append(replacement, text.Source(match.Index, match.Index + match.Length));
            done = match.Index + match.Length;
        }
        for (; done < text.Length; done++) normalized.Append(text.Units[done], text.Source(done));
        return normalized;
    }
}

/// <summary>A Unicode normalization form; what becomes of a character and its marks stands for all of them.</summary>
internal sealed class UnicodeFormStep : ITextNormalizer
{
    private readonly NormalizationForm _form;

    /// <exception cref="PlatformNotSupportedException">.NET has no tables to normalize with.</exception>
    public UnicodeFormStep(NormalizationForm form)
    {
        _form = form;
        RequireTables($"normalizes texts (NF{form.ToString()[4..]})");
    }

    /// <summary>Throws where .NET leaves every text as it is instead of normalizing it.</summary>
    /// <param name="what">What the tokenizer needs the tables for, for the message.</param>
    /// <exception cref="PlatformNotSupportedException">The process is in invariant mode.</exception>
    public static void RequireTables(string what)
    {
        if ("é".Normalize(NormalizationForm.FormD).Length == 1)
            throw new PlatformNotSupportedException($"The tokenizer {what}, which needs Unicode normalization; set InvariantGlobalization to false (and install libicu).");
    }

    public AlignedText Normalize(AlignedText text)
    {
        var normalized = new AlignedText(text.Length);
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = StringInfo.GetNextTextElementLength(text.Units[at..]);
            ReadOnlySpan<char> character = text.Units.Slice(at, length);
            if (length == 1 && char.IsAscii(character[0])) normalized.Append(character[0], text.Source(at));
            else normalized.Append(character.ToString().Normalize(_form), text.Source(at, at + length));
        }
        return normalized;
    }
}

internal sealed class LowerCaseStep : ITextNormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        var normalized = new AlignedText(text.Length);
        for (int at = 0, units; at < text.Length; at += units)
            BertNormalizer.AppendLower(normalized, text.RuneAt(at, out units), text.Source(at));
        return normalized;
    }
}

/// <summary>Drops combining marks; a decomposition goes before it.</summary>
internal sealed class StripAccentsStep : ITextNormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        var normalized = new AlignedText(text.Length);
        for (int at = 0, units; at < text.Length; at += units)
        {
            Rune rune = text.RuneAt(at, out units);
            bool isMark = Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
            if (!isMark) normalized.Append(rune, text.Source(at));
        }
        return normalized;
    }
}

/// <summary>Drops blanks at the text's ends.</summary>
internal sealed class StripBlanksStep(bool left, bool right) : ITextNormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        int start = left ? text.Length - text.Units.TrimStart().Length : 0;
        int end = Math.Max(start, right ? text.Units.TrimEnd().Length : text.Length);
        return text.Slice(start, end);
    }
}
