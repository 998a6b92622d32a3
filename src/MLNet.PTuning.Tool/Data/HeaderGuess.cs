// Finds out whether a file's first line names its columns.
using System.Globalization;

namespace MLNet.PTuning.Tool.Data;

internal static class HeaderGuess
{
    private const int LongestName = 40;

    /// <summary>Whether the first of some rows names the columns of the others, and why it is thought so.</summary>
    public static (bool HasHeader, string Why) Of(IReadOnlyList<string[]> rows)
    {
        string[] first = rows[0];
        if (first.Any(name => TaskColumns.AllNames.Contains(TaskColumns.Plain(name)))) return (true, $"it has '{first.First(name => TaskColumns.AllNames.Contains(TaskColumns.Plain(name))).Trim()}'");
        if (first.Any(field => string.IsNullOrWhiteSpace(field) || field.Length > LongestName || double.TryParse(field, NumberStyles.Any, CultureInfo.InvariantCulture, out _)))
            return (false, "a field of it is empty, long, or a number");
        if (rows.Count < 3) return (false, "there are too few rows to tell");
        // A name is not among the values of its column. Where the labels of most rows come back, the first row's does too.
        for (int column = 0; column < first.Length; column++)
        {
            var values = rows.Skip(1).Where(row => row.Length > column).Select(row => row[column]).ToList();
            bool comesBack = values.Contains(first[column]);
            if (comesBack) return (false, $"'{first[column]}' is a value of other rows too");
            if (values.Count >= 6 && values.Distinct().Count() <= values.Count / 3) return (true, $"no other row has '{first[column]}'");
        }
        return (false, "nothing shows that it has names");
    }
}
