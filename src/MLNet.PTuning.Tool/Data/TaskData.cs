// The data of a run: which rows are trained on and which are tested on, read anew for every pass.
namespace MLNet.PTuning.Tool.Data;

/// <summary>Rows to train on and to test on. No row is kept in memory.</summary>
internal sealed class TaskData
{
    private readonly RowReader _training;
    private readonly RowReader? _test;
    private readonly bool[] _isTest;

    private TaskData(RowReader training, RowReader? test, bool[] isTest, DataSummary summary) => (_training, _test, _isTest, Summary) = (training, test, isTest, summary);

    /// <summary>What was found in the files.</summary>
    public DataSummary Summary { get; }

    /// <summary>The rows to train on.</summary>
    public IEnumerable<TaskRow> TrainingRows => Chosen(isTest: false);

    /// <summary>The rows to test on.</summary>
    public IEnumerable<TaskRow> TestRows => _test is null ? Chosen(isTest: true) : _test.Read().OfType<TaskRow>();

    /// <summary>Reads all files once, chooses the rows to test on, and counts.</summary>
    /// <param name="training">The file to train on.</param>
    /// <param name="test">The file to test on; null to hold out rows of the other.</param>
    /// <param name="testShare">Share of the rows to hold out.</param>
    /// <param name="seed">Chooses them.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="BadInputException">A file cannot be read, or its rows cannot be trained on.</exception>
    public static TaskData Read(RowReader training, RowReader? test, double testShare, int seed, CancellationToken cancellation)
    {
        var table = RowTable.Of(training, cancellation);
        var testTable = test is null ? null : RowTable.Of(test, cancellation);
        bool[] isTest = HeldOut(table, testTable is null ? testShare : 0, seed);
        var data = new TaskData(training, test, isTest, DataSummaries.Of(training, table, test, testTable, isTest, testShare));
        return new TaskData(training, test, isTest, DataSummaries.WithClasses(data, training, cancellation));
    }

    private IEnumerable<TaskRow> Chosen(bool isTest)
    {
        int number = 0;
        foreach (var row in _training.Read())
        {
            if (row is null) continue;
            if (number >= _isTest.Length) throw new BadInputException($"{_training.File.Description.Path} has grown while it was read; run the command again when it is complete.");
            if (_isTest[number++] == isTest) yield return row;
        }
        if (number < _isTest.Length) throw new BadInputException($"{_training.File.Description.Path} has lost rows while it was read; run the command again when it is complete.");
    }

    // Each class gives its share, so that the rows that are tested on have the classes of all.
    private static bool[] HeldOut(RowTable table, double share, int seed)
    {
        bool[] isTest = new bool[table.Inputs.Count];
        if (share <= 0) return isTest;
        var random = new Random(seed);
        double due = 0;
        foreach (var rows in Enumerable.Range(0, isTest.Length).GroupBy(i => table.Golds[i]).OrderBy(group => group.First()))
        {
            int[] order = [.. rows];
            random.Shuffle(order);
            due += order.Length * share;
            // A class of one row stays among those that are trained on, as long as others make up for it.
            int count = Math.Min((int)Math.Round(due), order.Length - 1);
            foreach (int row in order.Take(count)) isTest[row] = true;
            due -= count;
        }
        // Where every row has a gold label of its own, all of them are one class.
        int missing = (int)Math.Round(due);
        int[] left = [.. Enumerable.Range(0, isTest.Length).Where(i => !isTest[i])];
        random.Shuffle(left);
        foreach (int row in left.Take(missing)) isTest[row] = true;
        return isTest;
    }
}
