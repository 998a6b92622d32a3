// Precision, recall and F1 of a class, of a type of entities, or of a label of words.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

/// <param name="Label">The class, type or label; empty for entities whose labels have no type.</param>
/// <param name="Support">Test rows (entities, words) that have it.</param>
/// <param name="Predicted">Those that it is predicted for.</param>
/// <param name="Correct">Those of both kinds.</param>
internal sealed record LabelScore(string Label, int Support, int Predicted, int Correct)
{
    /// <summary>Correct / predicted; 0 where none is.</summary>
    public double Precision => Predicted == 0 ? 0 : (double)Correct / Predicted;

    /// <summary>Correct / support; 0 where there is none.</summary>
    public double Recall => Support == 0 ? 0 : (double)Correct / Support;

    /// <summary>Harmonic mean of both; 0 where both are 0.</summary>
    public double F1 => F1Of(Support, Predicted, Correct);

    /// <summary>F1 of counts.</summary>
    public static double F1Of(int support, int predicted, int correct) => support + predicted == 0 ? 0 : 2.0 * correct / (support + predicted);

    /// <summary>Scores of every label that test rows have or are predicted to have, those with the most support first.</summary>
    public static IReadOnlyList<LabelScore> Of(IEnumerable<(string Gold, string Predicted)> pairs)
    {
        var counts = new LabelCounts();
        foreach (var (gold, predicted) in pairs)
        {
            counts.Add(gold, support: 1, correct: gold == predicted ? 1 : 0);
            counts.Add(predicted, predicted: 1);
        }
        return counts.Scores();
    }

    /// <summary>Scores of the entities that labels of words mark: one counts where its type and both ends are right.</summary>
    public static IReadOnlyList<LabelScore> OfEntities(IEnumerable<LabeledWords> rows, TagScheme scheme)
    {
        var counts = new LabelCounts();
        foreach (var row in rows)
        {
            var gold = Tags.ToSpans(row.Gold, scheme).ToHashSet();
            foreach (var span in gold) counts.Add(span.Type, support: 1);
            foreach (var span in Tags.ToSpans(row.Predicted, scheme)) counts.Add(span.Type, predicted: 1, correct: gold.Contains(span) ? 1 : 0);
        }
        return counts.Scores();
    }

    private sealed class LabelCounts
    {
        private readonly Dictionary<string, (int Support, int Predicted, int Correct)> _counts = new(StringComparer.Ordinal);

        public void Add(string label, int support = 0, int predicted = 0, int correct = 0)
        {
            var c = _counts.GetValueOrDefault(label);
            _counts[label] = (c.Support + support, c.Predicted + predicted, c.Correct + correct);
        }

        public IReadOnlyList<LabelScore> Scores() => [.. _counts.Select(c => new LabelScore(c.Key, c.Value.Support, c.Value.Predicted, c.Value.Correct))
            .OrderByDescending(score => score.Support).ThenBy(score => score.Label, StringComparer.Ordinal)];
    }
}

/// <summary>Means over labels.</summary>
/// <param name="MacroPrecision">Mean of the labels' precision, all alike.</param>
/// <param name="MacroRecall">Mean of their recall.</param>
/// <param name="MacroF1">Mean of their F1.</param>
/// <param name="WeightedF1">Mean of their F1, weighted by support.</param>
/// <param name="Micro">All labels' counts together.</param>
internal sealed record LabelAverages(double MacroPrecision, double MacroRecall, double MacroF1, double WeightedF1, LabelScore Micro)
{
    /// <summary>The means; null where there are no labels.</summary>
    /// <param name="scores">Scores of all labels.</param>
    /// <param name="withPredictedAlone">Whether those that are predicted, but no gold label, are among the means.</param>
    public static LabelAverages? Of(IReadOnlyList<LabelScore> scores, bool withPredictedAlone)
    {
        LabelScore[] meant = [.. scores.Where(s => withPredictedAlone || s.Support > 0)];
        return meant.Length == 0 ? null : new LabelAverages(meant.Average(s => s.Precision), meant.Average(s => s.Recall), meant.Average(s => s.F1),
            meant.Sum(s => s.F1 * s.Support) / Math.Max(1, meant.Sum(s => s.Support)), new LabelScore("", scores.Sum(s => s.Support), scores.Sum(s => s.Predicted), scores.Sum(s => s.Correct)));
    }
}
