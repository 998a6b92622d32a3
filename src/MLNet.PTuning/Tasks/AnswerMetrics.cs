// Exact match and F1 of answers, as SQuAD's scripts give them, and the threshold of no answer that is best for each.
using System.Globalization;
using System.Text;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>Scores of some of the questions.</summary>
/// <param name="Questions">Their number.</param>
/// <param name="ExactMatch">Fraction whose answer is one of the gold answers; 0 where there are none.</param>
/// <param name="F1">Mean over the questions of the tokens' F1 with the gold answer that fits best; 0 where there are none.</param>
public sealed record AnswerScore(int Questions, double ExactMatch, double F1);

/// <summary>The best score that a threshold of no answer reaches, and the threshold.</summary>
/// <param name="Score">The score over all questions.</param>
/// <param name="NullThreshold">The threshold (<see cref="QuestionAnsweringOptions.NullThreshold"/>).</param>
public sealed record BestThreshold(double Score, double NullThreshold);

/// <summary>How well predicted answers fit the gold answers.</summary>
public sealed class AnswerMetrics
{
    private AnswerMetrics(IReadOnlyList<AnswerPrediction> rows, AnswerComparison comparison)
    {
        Comparison = comparison;
        var scores = rows.Select(row => Scores(row, row.Predicted, comparison)).ToList();
        (All, WithAnswers, WithoutAnswers) = (Mean(_ => true), Mean(row => row.Gold.Count > 0), Mean(row => row.Gold.Count == 0));
        if (rows.Any(row => row.NullScore is null) || WithAnswers.Questions == 0 || WithoutAnswers.Questions == 0) return;
        var ofBest = rows.Select(row => Scores(row, row.Best, comparison)).ToList();
        (BestExactMatch, BestF1) = (Threshold(rows, [.. ofBest.Select(s => s.ExactMatch)]), Threshold(rows, [.. ofBest.Select(s => s.F1)]));

        AnswerScore Mean(Func<AnswerPrediction, bool> counts)
        {
            var counted = scores.Where((_, i) => counts(rows[i])).ToList();
            return counted.Count == 0 ? new AnswerScore(0, 0, 0) : new AnswerScore(counted.Count, counted.Average(s => s.ExactMatch), counted.Average(s => s.F1));
        }
    }

    /// <summary>All questions.</summary>
    public AnswerScore All { get; }

    /// <summary>Those that have gold answers.</summary>
    public AnswerScore WithAnswers { get; }

    /// <summary>Those that have none: the right answer is the empty text.</summary>
    public AnswerScore WithoutAnswers { get; }

    /// <summary>The threshold of no answer with the best exact match; null where all or none of the questions have answers, or the probabilities of no answer are not known.</summary>
    public BestThreshold? BestExactMatch { get; }

    /// <summary>The threshold of no answer with the best F1; null as <see cref="BestExactMatch"/> is.</summary>
    public BestThreshold? BestF1 { get; }

    /// <summary>What answers were compared by.</summary>
    public AnswerComparison Comparison { get; }

    /// <summary>A table of the scores in percent, for a console.</summary>
    public string GetFormattedTable()
    {
        var text = new StringBuilder();
        Line("", "exact match", "F1", "questions");
        foreach (var (name, score) in new[] { ("all", All), ("with answers", WithAnswers), ("without", WithoutAnswers) })
            if (score.Questions > 0) Line(name, Percent(score.ExactMatch), Percent(score.F1), score.Questions.ToString(CultureInfo.InvariantCulture));
        if (BestExactMatch is { } exact && BestF1 is { } f1)
            text.AppendLine(CultureInfo.InvariantCulture, $"best exact match {100 * exact.Score:f2} with NullThreshold {exact.NullThreshold:f3}, best F1 {100 * f1.Score:f2} with {f1.NullThreshold:f3}");
        return text.ToString();

        static string Percent(double fraction) => (100 * fraction).ToString("f2", CultureInfo.InvariantCulture);

        void Line(string name, params string[] cells) => text.Append(name.PadRight(12)).AppendLine(string.Concat(cells.Select(c => c.PadLeft(13))));
    }

    /// <summary>Scores predictions.</summary>
    /// <param name="rows">The questions.</param>
    /// <param name="comparison">What answers are compared by; null for characters where more than half of the gold answers have a Chinese one, else words.</param>
    internal static AnswerMetrics Of(IReadOnlyList<AnswerPrediction> rows, AnswerComparison? comparison)
    {
        var gold = rows.SelectMany(row => row.Gold).ToList();
        return new AnswerMetrics(rows, comparison ?? (2 * gold.Count(AnswerText.HasIdeograph) > gold.Count ? AnswerComparison.Characters : AnswerComparison.Words));
    }

    // Gold answers of which nothing counts are left out; without any, the right answer is none.
    private static (double ExactMatch, double F1) Scores(AnswerPrediction row, string answer, AnswerComparison comparison)
    {
        var predicted = AnswerText.Tokens(answer, comparison);
        var gold = row.Gold.Select(g => AnswerText.Tokens(g, comparison)).Where(tokens => tokens.Count > 0).DefaultIfEmpty([]).ToList();
        return (gold.Max(g => AnswerText.ExactMatch(g, predicted)), gold.Max(g => AnswerText.F1(g, predicted)));
    }

    // Questions are answered in the order of their scores of no answer; each threshold answers all that have a score up to it.
    private static BestThreshold Threshold(IReadOnlyList<AnswerPrediction> rows, IReadOnlyList<double> scores)
    {
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderBy(i => rows[i].NullScore)];
        double sum = rows.Count(row => row.Gold.Count == 0), best = sum, threshold = rows[order[0]].NullScore!.Value - 1;
        for (int k = 0; k < order.Length; k++)
        {
            var row = rows[order[k]];
            sum += row.Gold.Count > 0 ? scores[order[k]] : row.Best.Length > 0 ? -1 : 0;
            bool isLastOfScore = k + 1 == order.Length || rows[order[k + 1]].NullScore > row.NullScore;
            if (isLastOfScore && sum > best) (best, threshold) = (sum, row.NullScore!.Value);
        }
        return new BestThreshold(best / rows.Count, threshold);
    }
}
