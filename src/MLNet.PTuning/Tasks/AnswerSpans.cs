// Chooses a question's answers, whole words, from the scores of all windows of its context.
using System.Globalization;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tasks;

/// <summary>A part of the context that may be the answer.</summary>
/// <param name="Start">Its first character, in UTF-16 units; 0 for no answer.</param>
/// <param name="End">The character after its last; 0 for no answer.</param>
/// <param name="Probability">Its probability among all that may be the answer.</param>
internal readonly record struct AnswerSpan(int Start, int End, float Probability);

/// <summary>The answers to a question.</summary>
/// <param name="Best">The most probable ones, the most probable first; an empty span is no answer.</param>
/// <param name="NoAnswerProbability">Of the context's having no answer; 0 where that is not considered.</param>
internal sealed record AnswerSpans(IReadOnlyList<AnswerSpan> Best, float NoAnswerProbability)
{
    /// <summary>
    /// Answers over all windows. A span's score is that of its start plus that of its end, the highest of the windows that it is in; that of no answer is the scores of the first
    /// token, the lowest of all windows'. A span that begins or ends within a word is taken for the one of whole words, with the highest score of those that it stands for; words
    /// longer than an answer, and scripts without spaces, may be cut. Probabilities are the softmax over all such spans of at most <paramref name="longest"/> pieces and, where it is
    /// considered, no answer.
    /// </summary>
    /// <param name="context">The text.</param>
    /// <param name="pieces">Its pieces.</param>
    /// <param name="windows">Its windows with the scores of their positions: [R · 2].</param>
    /// <param name="longest">Most word pieces of an answer.</param>
    /// <param name="count">Number of answers.</param>
    /// <param name="nullThreshold">No answer is the first one where its score exceeds the best span's by more than this; null where no answer is not considered.</param>
    public static AnswerSpans Of(string context, IReadOnlyList<Piece> pieces, IEnumerable<(AnswerWindow Window, float[] Scores)> windows, int longest, int count, double? nullThreshold)
    {
        longest = Math.Min(longest, pieces.Count);
        var scores = new float[(long)pieces.Count * longest];
        Array.Fill(scores, float.NegativeInfinity);
        double noAnswer = double.PositiveInfinity;
        var words = WordsOf(context, pieces, longest);
        foreach (var (window, ofWindow) in windows)
        {
            noAnswer = Math.Min(noAnswer, (double)ofWindow[0] + ofWindow[1]);
            AddSpans(scores, longest, words, window, ofWindow);
        }

        // Pieces that stand for no character, such as a blank before the text, are no answer alone.
        var best = new List<(int First, int Last, float Score)>();
        double highest = nullThreshold is null ? double.NegativeInfinity : noAnswer, total = 0;
        for (int first = 0, at = 0; first < pieces.Count; first++)
            for (int last = first; last < first + longest; last++, at++)
            {
                if (float.IsNegativeInfinity(scores[at])) continue;
                if (pieces[last].End <= pieces[first].Start) scores[at] = float.NegativeInfinity;
                else Insert(best, (first, last, scores[at]), count);
            }
        if (best.Count == 0) return new AnswerSpans([new AnswerSpan(0, 0, 1)], 1);
        highest = Math.Max(highest, best[0].Score);
        foreach (float score in scores) total += Math.Exp(score - highest);
        if (nullThreshold is not null) total += Math.Exp(noAnswer - highest);

        float ofNone = nullThreshold is null ? 0 : (float)(Math.Exp(noAnswer - highest) / total);
        var spans = best.Select(span => Widened(context, pieces[span.First].Start, pieces[span.Last].End, (float)(Math.Exp(span.Score - highest) / total)));
        return new AnswerSpans([.. noAnswer - best[0].Score > nullThreshold ? spans.Prepend(new AnswerSpan(0, 0, ofNone)).Take(count) : spans], ofNone);
    }

    private static void AddSpans(float[] scores, int longest, (int First, int Last)[] words, AnswerWindow window, float[] ofWindow)
    {
        for (int first = 0; first < window.PieceCount; first++)
        {
            float start = ofWindow[2 * (window.ContextStart + first)];
            int from = words[window.FirstPiece + first].First;
            for (int last = first; last < window.PieceCount && words[window.FirstPiece + last].Last - from < longest; last++)
            {
                ref float score = ref scores[(long)from * longest + words[window.FirstPiece + last].Last - from];
                score = Math.Max(score, start + ofWindow[2 * (window.ContextStart + last) + 1]);
            }
        }
    }

    // The first and the last piece of the word that each piece is a part of; a word longer than an answer may be cut anywhere.
    private static (int First, int Last)[] WordsOf(string context, IReadOnlyList<Piece> pieces, int longest)
    {
        var words = new (int First, int Last)[pieces.Count];
        for (int first = 0, end; first < pieces.Count; first = end)
        {
            end = first + 1;
            while (end < pieces.Count && AreOfOneWord(context, pieces[end - 1], pieces[end])) end++;
            for (int i = first; i < end; i++) words[i] = end - first <= longest ? (first, end - 1) : (i, i);
        }
        return words;
    }

    private static bool AreOfOneWord(string context, Piece piece, Piece next) =>
        next.Start < piece.End || (next.Start == piece.End && next.Start > 0 && next.Start < context.Length && IsInWord(context[next.Start - 1]) && IsInWord(context[next.Start]));

    // Letters of scripts with spaces between words, digits, and marks on them.
    private static bool IsInWord(char c) => c switch
    {
        // Thai and Lao, Tibetan, Burmese, Khmer; kana, ideographs, and kana of half width.
        (>= '\u0E00' and <= '\u109F') or (>= '\u1780' and <= '\u17FF') or (>= '\u2E80' and <= '\uA4CF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uFF66' and <= '\uFF9F') => false,
        _ => char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark,
    };

    // Of equal scores the first, and so the earlier and then the shorter span.
    private static void Insert(List<(int First, int Last, float Score)> best, (int First, int Last, float Score) span, int count)
    {
        if (best.Count == count && span.Score <= best[^1].Score) return;
        int at = best.FindIndex(other => span.Score > other.Score);
        best.Insert(at < 0 ? best.Count : at, span);
        if (best.Count > count) best.RemoveAt(count);
    }

    // A character that is two UTF-16 units is in an answer as a whole.
    private static AnswerSpan Widened(string context, int start, int end, float probability)
    {
        if (start > 0 && char.IsSurrogatePair(context[start - 1], context[start])) start--;
        if (end < context.Length && char.IsSurrogatePair(context[end - 1], context[end])) end++;
        return new AnswerSpan(start, end, probability);
    }
}
