// How well generated texts fit their targets.
using System.Globalization;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>Scores of generated texts, from 0 to 1; of several targets of a row the one counts that fits best.</summary>
/// <param name="Rows">Their number.</param>
/// <param name="Rouge1">Mean F1 of words (ROUGE-1, as Google's rouge_score without stemming: runs of ASCII letters and digits in lower case).</param>
/// <param name="Rouge2">Mean F1 of pairs of words (ROUGE-2).</param>
/// <param name="RougeL">Mean F1 of the longest sequence of words in common (ROUGE-L over the whole texts).</param>
/// <param name="Bleu">BLEU over all texts together, as sacrebleu by default: 1 to 4 words, mteval-v13a's words with case, brevity penalty, exponential smoothing (sacrebleu prints a hundred times this).</param>
/// <param name="ExactMatch">Fraction that is the target, blanks at the ends left out.</param>
public sealed record GeneratedTextMetrics(int Rows, double Rouge1, double Rouge2, double RougeL, double Bleu, double ExactMatch)
{
    /// <summary>A line of the scores in percent, for a console.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"ROUGE-1 {100 * Rouge1:f2}, ROUGE-2 {100 * Rouge2:f2}, ROUGE-L {100 * RougeL:f2}, BLEU {100 * Bleu:f2}, exact match {100 * ExactMatch:f2}, {Rows} rows");

    /// <summary>Scores texts, of which there is at least one, each with at least one target.</summary>
    internal static GeneratedTextMetrics Of(IReadOnlyList<(IReadOnlyList<string> Targets, string Generated)> texts)
    {
        var words = texts.Select(text => (Targets: text.Targets.Select(RougeScore.Words).ToList(), Generated: RougeScore.Words(text.Generated))).ToList();
        return new GeneratedTextMetrics(texts.Count, Best((target, generated) => RougeScore.OfRuns(target, generated, 1)), Best((target, generated) => RougeScore.OfRuns(target, generated, 2)),
            Best(RougeScore.OfSequence), BleuScore.Of(texts), texts.Average(text => text.Targets.Any(target => target.Trim() == text.Generated.Trim()) ? 1.0 : 0));

        double Best(Func<string[], string[], double> score) => words.Average(row => row.Targets.Max(target => score(target, row.Generated)));
    }
}
