// What the columns of a file's first rows hold: how long, how often repeated.
namespace MLNet.PTuning.Tool.Data;

/// <param name="rows">The first rows.</param>
internal sealed class ColumnValues(IEnumerable<FileRow> rows)
{
    private readonly List<FileRow> _rows = [.. rows];

    /// <summary>The column with the fewest different values, at most half as many as rows; -1 where none has so few.</summary>
    /// <param name="columns">The columns to choose from.</param>
    /// <param name="isOfWords">Whether values are words of lists and of texts.</param>
    public int Repeated(IEnumerable<int> columns, bool isOfWords)
    {
        var counts = columns.Select(column =>
        {
            string[] values = [.. _rows.SelectMany(row => isOfWords ? Words(row.Fields[column]) : Texts(row.Fields[column]))];
            return (Column: column, Different: values.Distinct().Count(), values.Length, Mean: values.Length == 0 ? 0 : values.Average(value => value.Length));
        }).Where(count => count.Different > 0 && count.Different * 2 <= count.Length);
        return counts.OrderBy(count => count.Different == 1).ThenBy(count => count.Different).ThenBy(count => count.Mean).Select(count => count.Column).FirstOrDefault(-1);
    }

    /// <summary>The column with the longest texts.</summary>
    public int Longest(IEnumerable<int> columns) => columns.MaxBy(column => _rows.Sum(row => (long)Texts(row.Fields[column]).Sum(text => text.Length)));

    private static IEnumerable<string> Texts(FieldValue field) => field.IsMissing ? [] : field.List ?? [field.Text!];

    private static IEnumerable<string> Words(FieldValue field) => field.List ?? field.Text?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
}
