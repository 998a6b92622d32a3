// What the report computes of a run's test rows: the numbers of report.html that the run itself does not hold.
using System.Runtime.CompilerServices;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

/// <summary>Test rows (for labels of words: words) of a gold label that have a predicted one.</summary>
internal sealed record ConfusionCell(string Gold, string Predicted, int Count);

/// <summary>A test row whose prediction is wrong.</summary>
/// <param name="Row">Its index among the run's test rows, from 0.</param>
/// <param name="Place">Where the row is in its file.</param>
/// <param name="Score">The probability of what was predicted, of several wrong words the highest; of writing, ROUGE-L.</param>
internal sealed record Mistake(int Row, string Place, double Score);

/// <summary>Figures of the test rows. Serialized to metrics.json, every number in report.html is there.</summary>
internal sealed record ReportFigures
{
    private const int MistakesKept = 25;

    /// <summary>Scores with their intervals, by name.</summary>
    public required IReadOnlyDictionary<string, ScoreInterval> Intervals { get; init; }

    /// <summary>Whether <see cref="Labels"/> are types of entities rather than classes or labels of words.</summary>
    public required bool AreEntities { get; init; }

    /// <summary>Scores of each class, type of entities or label; empty for tasks without classes.</summary>
    public required IReadOnlyList<LabelScore> Labels { get; init; }

    /// <summary>Means over them; null where there are none.</summary>
    public required LabelAverages? Averages { get; init; }

    /// <summary>The confusion matrix, without its zeros, the most frequent first; empty for tasks without classes.</summary>
    public required IReadOnlyList<ConfusionCell> Confusion { get; init; }

    /// <summary>Calibration; null for writing and without test rows.</summary>
    public required CalibrationFigures? Calibration { get; init; }

    /// <summary>Test rows that are predicted wrongly.</summary>
    public required int MistakeCount { get; init; }

    /// <summary>The most confident of them, for writing the texts that have the least in common with the file's; at most 25.</summary>
    public required IReadOnlyList<Mistake> Mistakes { get; init; }

    // A page and metrics.json are made of the same.
    private static readonly ConditionalWeakTable<TrainingRun, ReportFigures> Computed = [];

    /// <summary>The figures of a run.</summary>
    public static ReportFigures Of(TrainingRun run) => Computed.GetValue(run, Compute);

    private static ReportFigures Compute(TrainingRun run)
    {
        var scheme = SchemeOf(run);
        (string Gold, string Predicted)[] pairs = [.. run.TestRows.SelectMany(Pairs)];
        var labels = scheme is TagScheme.Plain ? LabelScore.Of(pairs) : LabelScore.OfEntities(run.TestRows.Cast<LabeledWords>(), scheme);
        double[] overlaps = run.Task == TaskKind.Generate ? WrittenOverlap.Of(run.TestRows.Cast<GeneratedText>()) : [];
        Mistake[] mistakes = [.. run.TestRows.Select((row, i) => (Row: row, Index: i)).Where(r => !r.Row.IsCorrect)
            .Select(r => new Mistake(r.Index, r.Row.Place, overlaps.Length > 0 ? overlaps[r.Index] : Certainty(r.Row)))];
        return new ReportFigures
        {
            Intervals = ScoreIntervals.Of(run, scheme, overlaps),
            AreEntities = scheme != TagScheme.Plain,
            Labels = labels,
            Averages = LabelAverages.Of(labels, withPredictedAlone: scheme != TagScheme.Plain),
            Confusion = [.. pairs.GroupBy(pair => pair).Select(group => new ConfusionCell(group.Key.Gold, group.Key.Predicted, group.Count()))
                .OrderByDescending(cell => cell.Count).ThenBy(cell => cell.Gold, StringComparer.Ordinal).ThenBy(cell => cell.Predicted, StringComparer.Ordinal)],
            Calibration = CalibrationFigures.Of(run.TestRows, run.Training.Calibration?.Temperature),
            MistakeCount = mistakes.Length,
            Mistakes = [.. (overlaps.Length > 0 ? mistakes.OrderBy(m => m.Score) : mistakes.OrderByDescending(m => m.Score)).Take(MistakesKept)],
        };
    }

    // The scheme by which labels mark entities; plain where they do not, and for other tasks.
    private static TagScheme SchemeOf(TrainingRun run) => run.Task != TaskKind.Label ? TagScheme.Plain
        : (run.Options as TokenLabelingOptions)?.Scheme ?? Tags.Guess(run.TestRows.Cast<LabeledWords>().SelectMany(row => row.Gold.Concat(row.Predicted)).Distinct());

    private static IEnumerable<(string Gold, string Predicted)> Pairs(TestRow row) => row switch
    {
        ClassifiedText text => [(text.Gold, text.Predicted)],
        LabeledWords words => words.Gold.Zip(words.Predicted),
        _ => [],
    };

    private static double Certainty(TestRow row) => row is LabeledWords words
        ? Enumerable.Range(0, words.Words.Length).Where(i => words.Gold[i] != words.Predicted[i]).Max(i => words.Probabilities[i]) : row.Confidence ?? 0;
}
