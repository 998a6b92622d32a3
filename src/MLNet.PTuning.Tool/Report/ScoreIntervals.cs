// The scores of each task that have a confidence interval.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class ScoreIntervals
{
    /// <param name="run">The run.</param>
    /// <param name="scheme">The scheme of labels of words.</param>
    /// <param name="overlaps">ROUGE-L of each written text.</param>
    public static IReadOnlyDictionary<string, ScoreInterval> Of(TrainingRun run, TagScheme scheme, double[] overlaps)
    {
        bool[] right = [.. run.TestRows.Select(row => row.IsCorrect)];
        Func<int[], (string, double)[]> scores = run.Task switch
        {
            TaskKind.Classify => OfClasses([.. run.TestRows.Cast<ClassifiedText>()]),
            TaskKind.Label => OfWords([.. run.TestRows.Cast<LabeledWords>()], scheme),
            TaskKind.Answer => draws => [("exactMatch", Mean(draws, right)), ("f1", Mean(draws, [.. run.TestRows.Cast<AnsweredQuestion>().Select(row => row.F1)]))],
            TaskKind.Choose => draws => [("accuracy", Mean(draws, right))],
            _ => draws => [("rougeL", Mean(draws, overlaps)), ("exactMatch", Mean(draws, right))],
        };
        return Bootstrap.Intervals(run.TestRows.Count, run.Seed, scores);
    }

    private static Func<int[], (string, double)[]> OfClasses(ClassifiedText[] rows)
    {
        var indices = rows.SelectMany(row => new[] { row.Gold, row.Predicted }).Distinct().Select((label, i) => (label, i)).ToDictionary(pair => pair.label, pair => pair.i);
        int[] gold = [.. rows.Select(row => indices[row.Gold])], predicted = [.. rows.Select(row => indices[row.Predicted])];
        return draws =>
        {
            var (support, guesses, correct) = (new int[indices.Count], new int[indices.Count], new int[indices.Count]);
            for (int i = 0; i < rows.Length; i++)
            {
                support[gold[i]] += draws[i];
                guesses[predicted[i]] += draws[i];
                if (gold[i] == predicted[i]) correct[gold[i]] += draws[i];
            }
            // Over the classes that the drawn rows have.
            return [("accuracy", (double)correct.Sum() / rows.Length), ("macroF1", Enumerable.Range(0, indices.Count).Where(c => support[c] > 0).Average(c => LabelScore.F1Of(support[c], guesses[c], correct[c])))];
        };
    }

    private static Func<int[], (string, double)[]> OfWords(LabeledWords[] rows, TagScheme scheme)
    {
        int[] words = [.. rows.Select(row => row.Words.Length)], right = [.. rows.Select(row => row.Gold.Zip(row.Predicted).Count(pair => pair.First == pair.Second))];
        (int Gold, int Predicted, int Correct)[] entities = [.. rows.Select(row =>
        {
            var (gold, predicted) = (Tags.ToSpans(row.Gold, scheme).ToHashSet(), Tags.ToSpans(row.Predicted, scheme));
            return (gold.Count, predicted.Count, predicted.Count(gold.Contains));
        })];
        return draws =>
        {
            int all = 0, correctWords = 0, gold = 0, predicted = 0, correct = 0;
            for (int i = 0; i < rows.Length; i++)
            {
                (all, correctWords) = (all + draws[i] * words[i], correctWords + draws[i] * right[i]);
                (gold, predicted, correct) = (gold + draws[i] * entities[i].Gold, predicted + draws[i] * entities[i].Predicted, correct + draws[i] * entities[i].Correct);
            }
            double accuracy = (double)correctWords / Math.Max(1, all);
            return [("entityF1", LabelScore.F1Of(gold, predicted, correct)), ("wordAccuracy", accuracy)];
        };
    }

    private static double Mean(int[] draws, bool[] right) => (double)draws.Where((_, i) => right[i]).Sum() / draws.Length;

    private static double Mean(int[] draws, double[] values)
    {
        double sum = 0;
        for (int i = 0; i < draws.Length; i++) sum += draws[i] * values[i];
        return sum / draws.Length;
    }
}
