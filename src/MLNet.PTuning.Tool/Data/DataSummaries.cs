// Counts classes, repeated rows and rows that training and test share, and says what is worth knowing of them.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Data;

internal static class DataSummaries
{
    private const int FewRows = 5;

    /// <summary>The summary without classes.</summary>
    public static DataSummary Of(RowReader training, RowTable table, RowReader? test, RowTable? testTable, bool[] isTest, double testShare)
    {
        int testRows = testTable?.Inputs.Count ?? isTest.Count(held => held), trainingRows = table.Inputs.Count - (testTable is null ? testRows : 0);
        string path = training.File.Description.Path;
        if (trainingRows < 2)
            throw new BadInputException($"{path} has too few rows to train on ({trainingRows}{(table.Skipped > 0 ? $", and {table.Skipped} without a text or a label" : "")}); give more rows, or name other columns.");
        var golds = new Dictionary<UInt128, int>();
        int duplicates = 0, contradicting = 0, shared = 0;
        for (int i = 0; i < isTest.Length; i++)
        {
            if (isTest[i] || golds.TryAdd(table.Inputs[i], table.Golds[i])) continue;
            duplicates++;
            if (golds[table.Inputs[i]] != table.Golds[i]) contradicting++;
        }
        foreach (var input in testTable?.Inputs ?? Enumerable.Range(0, isTest.Length).Where(i => isTest[i]).Select(i => table.Inputs[i]))
            if (golds.ContainsKey(input)) shared++;
        return new DataSummary
        {
            TrainingFile = training.File.Description,
            TestFile = test?.File.Description,
            TestShare = test is null ? testShare : null,
            Columns = training.Columns,
            TrainingRows = trainingRows,
            TestRows = testRows,
            SkippedRows = table.Skipped + (testTable?.Skipped ?? 0),
            DuplicateRows = duplicates,
            ContradictingRows = contradicting,
            SharedRows = shared,
        };
    }

    /// <summary>The summary with classes and warnings.</summary>
    /// <exception cref="BadInputException">All rows have one class.</exception>
    public static DataSummary WithClasses(TaskData data, RowReader training, CancellationToken cancellation)
    {
        var summary = data.Summary;
        ClassRows[] classes = training.Task is TaskKind.Classify or TaskKind.Label ? Count(data, cancellation) : [];
        string path = summary.TrainingFile.Path, column = summary.Columns.FirstOrDefault(c => c.Input == "Label")?.Column ?? "";
        if (training.Task == TaskKind.Classify && classes.Count(c => c.Training > 0) == 1)
            throw new BadInputException($"{path}, column '{column}': all {summary.TrainingRows} rows to train on have the class '{classes[0].Label}', and a classifier needs two; name another column with --label.");
        return summary with { Classes = classes, Warnings = [.. Warnings(summary, classes, training.Task, path, column)] };
    }

    private static ClassRows[] Count(TaskData data, CancellationToken cancellation)
    {
        var counts = new Dictionary<string, (int Training, int Test)>();
        foreach (var row in data.TrainingRows)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (string label in row.Labels) counts[label] = counts.GetValueOrDefault(label) with { Training = counts.GetValueOrDefault(label).Training + 1 };
        }
        foreach (var row in data.TestRows)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (string label in row.Labels) counts[label] = counts.GetValueOrDefault(label) with { Test = counts.GetValueOrDefault(label).Test + 1 };
        }
        return [.. counts.Select(count => new ClassRows(count.Key, count.Value.Training, count.Value.Test)).OrderByDescending(c => c.Training).ThenByDescending(c => c.Test).ThenBy(c => c.Label, StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Warnings(DataSummary summary, ClassRows[] classes, TaskKind task, string path, string column)
    {
        if (summary.SkippedRows > 0) yield return $"Rows without a text or a label, which are left out: {summary.SkippedRows}.";
        if (summary.DuplicateRows > 0) yield return $"Training rows that repeat an earlier one: {summary.DuplicateRows} of {summary.TrainingRows}{(summary.ContradictingRows > 0 ? $", {summary.ContradictingRows} of them with another label" : "")}.";
        if (summary.SharedRows > 0) yield return $"Test rows that are training rows too, which makes the scores too good: {summary.SharedRows} of {summary.TestRows}; {(summary.TestFile is null ? $"leave one of each in {path}" : "remove them from one of the files")}.";
        string[] unseen = [.. classes.Where(c => c.Training == 0).Select(c => $"'{c.Label}'")];
        if (unseen.Length > 0) yield return $"{(unseen.Length == 1 ? "A label" : $"{unseen.Length} labels")} of test rows {(unseen.Length == 1 ? "is" : "are")} in no training row ({string.Join(", ", unseen.Take(5))}{(unseen.Length > 5 ? ", …" : "")}); these rows count as wrong.";
        if (task != TaskKind.Classify || classes.Length == 0) yield break;
        ClassRows[] few = [.. classes.Where(c => c.Training is > 0 and < FewRows)];
        if (classes.Length > 2 && classes.Length * 2 > summary.TrainingRows)
            yield return $"There are {classes.Length} classes in {summary.TrainingRows} training rows; if '{column}' of {path} is not the label, name another column with --label.";
        else if (few.Length > 0) yield return $"{few.Length} of {classes.Length} classes have fewer than {FewRows} training rows ({string.Join(", ", few.Take(5).Select(c => $"'{c.Label}'"))}{(few.Length > 5 ? ", …" : "")}), which is few to learn from.";
        double most = (double)classes[0].Training / summary.TrainingRows;
        if (most > 0.9) yield return FormattableString.Invariant($"{100 * most:f0} % of the training rows have the class '{classes[0].Label}': compare the scores with those of always predicting it.");
    }
}
