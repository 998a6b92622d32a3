// Compares answers as the scripts of SQuAD (Rajpurkar et al., 2016 and 2018) and, for Chinese, of MLQA (Lewis et al., 2020) do.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning;

/// <summary>What two answers are compared by.</summary>
public enum AnswerComparison
{
    /// <summary>
    /// Words, as SQuAD's own script: in lower case, without ASCII punctuation and without the articles <c>a</c>, <c>an</c> and <c>the</c>.
    /// </summary>
    Words,
    /// <summary>
    /// Chinese characters and the words between them, as MLQA's script for Chinese, and CMRC's: in lower case, without any punctuation.
    /// </summary>
    Characters,
}

/// <summary>Answers as lists of tokens, and how well two of them fit.</summary>
internal static class AnswerText
{
    private const int CapitalSigma = 0x3a3, SmallSigma = 0x3c3, FinalSigma = 0x3c2, DottedCapitalI = 0x130, DotAbove = 0x307;
    private const string Articles = "a an the";

    /// <summary>Whether a text has a Chinese character.</summary>
    public static bool HasIdeograph(string text) => text.Any(c => IsIdeograph(c));

    /// <summary>What is compared of an answer: its tokens without what does not count.</summary>
    public static IReadOnlyList<string> Tokens(string answer, AnswerComparison comparison)
    {
        var points = LowerCase(answer);
        points.RemoveAll(point => comparison == AnswerComparison.Words ? IsAsciiPunctuation(point) : IsPunctuation(point));
        return comparison == AnswerComparison.Words ? WordsWithoutArticles(points) : CharactersAndWords(points);
    }

    /// <summary>1 where both have the same tokens, else 0.</summary>
    public static double ExactMatch(IReadOnlyList<string> gold, IReadOnlyList<string> predicted) => gold.SequenceEqual(predicted) ? 1 : 0;

    /// <summary>Harmonic mean of the fraction of predicted tokens that are gold ones and of gold tokens that are predicted, each counted as often as it occurs. An answer without tokens fits only another one.</summary>
    public static double F1(IReadOnlyList<string> gold, IReadOnlyList<string> predicted)
    {
        if (gold.Count == 0 || predicted.Count == 0) return ExactMatch(gold, predicted);
        var left = gold.CountBy(token => token).ToDictionary();
        int same = predicted.Count(token => left.TryGetValue(token, out int count) && count > 0 && (left[token] = count - 1) >= 0);
        if (same == 0) return 0;
        double precision = (double)same / predicted.Count, recall = (double)same / gold.Count;
        return 2 * precision * recall / (precision + recall);
    }

    // Python's \b(a|an|the)\b is a whole run of letters, digits and underscores.
    private static List<string> WordsWithoutArticles(List<int> points)
    {
        var kept = new List<int>();
        for (int i = 0; i < points.Count;)
        {
            int end = i;
            while (end < points.Count && IsOfWord(points[end])) end++;
            if (end == i) kept.Add(points[i++]);
            else
            {
                var run = points[i..end];
                if (Articles.Split(' ').Contains(Text(run))) kept.Add(' ');
                else kept.AddRange(run);
                i = end;
            }
        }
        return SplitAtBlanks(kept);
    }

    private static List<string> CharactersAndWords(List<int> points)
    {
        var tokens = new List<string>();
        var between = new List<int>();
        foreach (int point in points)
        {
            if (!IsIdeograph(point))
            {
                between.Add(point);
                continue;
            }
            tokens.AddRange(SplitAtBlanks(between));
            between.Clear();
            tokens.Add(Text([point]));
        }
        tokens.AddRange(SplitAtBlanks(between));
        return tokens;
    }

    private static List<string> SplitAtBlanks(List<int> points)
    {
        var tokens = new List<string>();
        for (int i = 0, start = 0; i <= points.Count; i++)
        {
            if (i < points.Count && !IsBlank(points[i])) continue;
            if (i > start) tokens.Add(Text(points[start..i]));
            start = i + 1;
        }
        return tokens;
    }

    // Code points in lower case as Python's str.lower gives it, with its two exceptions to one character for one.
    private static List<int> LowerCase(string text)
    {
        var points = new List<int>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            int point = char.IsSurrogatePair(text, i) ? char.ConvertToUtf32(text, i) : text[i];
            if (point == DottedCapitalI) points.AddRange(['i', DotAbove]);
            else if (point == CapitalSigma) points.Add(IsFinal(text, i) ? FinalSigma : SmallSigma);
            else points.Add(Rune.IsValid(point) ? Rune.ToLowerInvariant(new Rune(point)).Value : point);
            if (point > char.MaxValue) i++;
        }
        return points;
    }

    // A sigma ends a word where a letter with case comes before it and none after it, marks and the like left out.
    private static bool IsFinal(string text, int sigma)
    {
        int before = sigma - 1, after = sigma + 1;
        while (before >= 0 && IsCaseIgnorable(text[before])) before--;
        while (after < text.Length && IsCaseIgnorable(text[after])) after++;
        return before >= 0 && IsCased(text[before]) && !(after < text.Length && IsCased(text[after]));
    }

    private static bool IsCased(char c) => char.IsUpper(c) || char.IsLower(c) || char.GetUnicodeCategory(c) == UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '^' or '`' or '\u00b7' or '\u2019' or '\u2018' or '\u2027'
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;

    private static bool IsAsciiPunctuation(int point) => point < 128 && (char.IsPunctuation((char)point) || char.IsSymbol((char)point));

    private static bool IsPunctuation(int point) => IsAsciiPunctuation(point) || CharUnicodeInfo.GetUnicodeCategory(point) is UnicodeCategory.ConnectorPunctuation
        or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
        or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;

    private static bool IsIdeograph(int point) => point is >= 0x4e00 and <= 0x9fa5;

    private static bool IsBlank(int point) => point <= char.MaxValue && (char.IsWhiteSpace((char)point) || point is >= 0x1c and <= 0x1f);

    private static bool IsOfWord(int point) => point == '_' || CharUnicodeInfo.GetUnicodeCategory(point) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
        or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static string Text(IReadOnlyList<int> points)
    {
        var text = new StringBuilder();
        foreach (int point in points) _ = point > char.MaxValue ? text.Append(char.ConvertFromUtf32(point)) : text.Append((char)point);
        return text.ToString();
    }
}
