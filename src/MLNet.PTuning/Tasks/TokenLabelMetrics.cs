// Precision, recall and F1 of entities as the CoNLL evaluation script defines them: an entity counts where its type and both ends are right.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning;

/// <summary>Counts and scores of one entity type, or of all together.</summary>
/// <param name="Type">The type; empty for all together, and for entities whose tags have no type.</param>
/// <param name="Gold">Entities in the data.</param>
/// <param name="Predicted">Entities predicted.</param>
/// <param name="Correct">Those predicted with the right type, beginning and end.</param>
public sealed record EntityScore(string Type, int Gold, int Predicted, int Correct)
{
    /// <summary>Correct / predicted; 0 where none was predicted.</summary>
    public double Precision => Predicted == 0 ? 0 : (double)Correct / Predicted;

    /// <summary>Correct / gold; 0 where there is none.</summary>
    public double Recall => Gold == 0 ? 0 : (double)Correct / Gold;

    /// <summary>Harmonic mean of both; 0 where both are 0.</summary>
    public double F1 => Gold + Predicted == 0 ? 0 : 2.0 * Correct / (Gold + Predicted);
}

/// <summary>How well predicted labels of words fit the gold labels.</summary>
public sealed class TokenLabelMetrics
{
    private TokenLabelMetrics(int rows, int words, int wordsLeftOut, int correctWords, IReadOnlyList<EntityScore> types)
    {
        (Rows, Words, WordsLeftOut, PerType) = (rows, words, wordsLeftOut, types);
        TokenAccuracy = words == 0 ? 0 : (double)correctWords / words;
        Micro = new EntityScore("", types.Sum(t => t.Gold), types.Sum(t => t.Predicted), types.Sum(t => t.Correct));
    }

    /// <summary>Rows scored.</summary>
    public int Rows { get; }

    /// <summary>Words scored: those with a gold label.</summary>
    public int Words { get; }

    /// <summary>
    /// Words without a gold label, which are not scored. A label that no training row had is a missing key after <c>MapValueToKey</c>, so that its words are among
    /// them; compare labels as text to have them count as errors.
    /// </summary>
    public int WordsLeftOut { get; }

    /// <summary>Fraction of words whose label is right.</summary>
    public double TokenAccuracy { get; }

    /// <summary>All types together.</summary>
    public EntityScore Micro { get; }

    /// <summary>Mean of the types' F1.</summary>
    public double MacroF1 => PerType.Count == 0 ? 0 : PerType.Average(t => t.F1);

    /// <summary>Mean of the types' precision.</summary>
    public double MacroPrecision => PerType.Count == 0 ? 0 : PerType.Average(t => t.Precision);

    /// <summary>Mean of the types' recall.</summary>
    public double MacroRecall => PerType.Count == 0 ? 0 : PerType.Average(t => t.Recall);

    /// <summary>Each type by name.</summary>
    public IReadOnlyList<EntityScore> PerType { get; }

    /// <summary>A table of the types, their precision, recall and F1 in percent, for a console.</summary>
    public string GetFormattedTable()
    {
        int width = Math.Max(8, PerType.Select(t => Name(t).Length).DefaultIfEmpty().Max());
        var text = new StringBuilder();
        Line("", "precision", "recall", "F1", "gold", "predicted");
        foreach (var type in PerType) Score(Name(type), type);
        Score("all", Micro);
        text.AppendLine(CultureInfo.InvariantCulture, $"macro F1 {100 * MacroF1:f2}, token accuracy {100 * TokenAccuracy:f2} over {Words} words in {Rows} rows{(WordsLeftOut > 0 ? $"; {WordsLeftOut} words without a gold label left out" : "")}");
        return text.ToString();

        string Name(EntityScore s) => s.Type.Length == 0 ? "(no type)" : s.Type;

        void Score(string name, EntityScore s) => Line(name, Percent(s.Precision), Percent(s.Recall), Percent(s.F1),
            s.Gold.ToString(CultureInfo.InvariantCulture), s.Predicted.ToString(CultureInfo.InvariantCulture));

        string Percent(double fraction) => (100 * fraction).ToString("f2", CultureInfo.InvariantCulture);

        void Line(string name, params string[] cells) => text.Append(name.PadRight(width)).AppendLine(string.Concat(cells.Select(c => c.PadLeft(11))));
    }

    /// <summary>Scores rows of tags; a gold tag of null (no label) leaves its word out.</summary>
    /// <param name="rows">For each row the gold and the predicted tag of every word.</param>
    /// <param name="scheme">How to read the tags.</param>
    /// <exception cref="ArgumentException">A row's two lists differ in length.</exception>
    internal static TokenLabelMetrics Of(IEnumerable<(IReadOnlyList<string?> Gold, IReadOnlyList<string> Predicted)> rows, TagScheme scheme)
    {
        var counts = new SortedDictionary<string, (int Gold, int Predicted, int Correct)>(StringComparer.Ordinal);
        int rowCount = 0, words = 0, leftOut = 0, correct = 0;
        foreach (var (labels, predicted) in rows)
        {
            rowCount++;
            if (labels.Count != predicted.Count)
                throw new ArgumentException($"Row {rowCount} has {labels.Count} gold labels, but {predicted.Count} predicted ones.");
            string[] gold = [.. labels.Select(t => t ?? Tags.Outside)];
            string[] guess = [.. predicted.Select((t, i) => labels[i] is null ? Tags.Outside : t)];
            words += labels.Count(t => t is not null);
            leftOut += labels.Count(t => t is null);
            correct += Enumerable.Range(0, gold.Length).Count(i => labels[i] == predicted[i]);
            var goldSpans = Tags.ToSpans(gold, scheme).ToHashSet();
            foreach (var span in goldSpans) Add(span.Type, 1, 0, 0);
            foreach (var span in Tags.ToSpans(guess, scheme)) Add(span.Type, 0, 1, goldSpans.Contains(span) ? 1 : 0);
        }
        return new TokenLabelMetrics(rowCount, words, leftOut, correct, [.. counts.Select(c => new EntityScore(c.Key, c.Value.Gold, c.Value.Predicted, c.Value.Correct))]);

        void Add(string type, int gold, int guessed, int right)
        {
            var c = counts.GetValueOrDefault(type);
            counts[type] = (c.Gold + gold, c.Predicted + guessed, c.Correct + right);
        }
    }
}
