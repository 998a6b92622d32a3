// Finds the columns that a task reads among a file's: those that the command line names, then by their names, then by what they hold.
using System.Globalization;
using System.Text.RegularExpressions;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Data;

/// <param name="file">The file.</param>
/// <param name="task">The task.</param>
/// <param name="given">What the command line names: the file's columns by name of ML.NET's column.</param>
/// <param name="withGold">Whether the rows have to have what is to be predicted.</param>
internal sealed partial class ColumnGuess(RowFile file, TaskKind task, IReadOnlyDictionary<string, string[]> given, bool withGold)
{
    private const int SampleRows = 300;

    private readonly IReadOnlyList<string> _names = file.Description.Columns;
    private readonly List<InputColumn> _found = [];
    private readonly HashSet<int> _taken = [];

    /// <summary>The columns of a file.</summary>
    /// <exception cref="BadInputException">A column is not there, or cannot be guessed; the message names the columns that there are.</exception>
    public static IReadOnlyList<InputColumn> Of(RowFile file, TaskKind task, IReadOnlyDictionary<string, string[]> given, bool withGold) => new ColumnGuess(file, task, given, withGold).Find();

    /// <summary>The columns of a further file of rows: of the same names as another's, else at the same places where there are as many, else guessed.</summary>
    public static IReadOnlyList<InputColumn> Like(DataFile other, IReadOnlyList<InputColumn> columns, RowFile file, TaskKind task, bool withGold)
    {
        var names = file.Description.Columns;
        var wanted = withGold ? columns : [.. columns.Where(column => !TaskColumns.Of(task).Single(c => c.Input == column.Input).IsGold)];
        int[] places = [.. wanted.Select(column => IndexOf(names, column.Column))];
        if (places.All(place => place >= 0)) return [.. wanted.Zip(places, (column, place) => column with { Column = names[place], Index = place, Reason = null })];
        if (names.Count == other.Columns.Count) return [.. wanted.Select(column => column with { Column = names[column.Index], Reason = $"the same place as in {other.Path}" })];
        return Of(file, task, new Dictionary<string, string[]>(), withGold);
    }

    private IReadOnlyList<InputColumn> Find()
    {
        var columns = TaskColumns.Of(task).ToList();
        foreach (var column in columns)
            if (given.TryGetValue(column.Input, out string[]? names))
                foreach (string name in names) Take(column, Named(column, name), null);
        columns.RemoveAll(column => given.ContainsKey(column.Input));
        foreach (var column in columns.ToList())
            if (ByName(column)) columns.Remove(column);
        columns.RemoveAll(column => !column.IsRequired || (column.IsGold && !withGold));
        ByContent(columns);
        return [.. TaskColumns.Of(task).SelectMany(column => _found.Where(found => found.Input == column.Input))];
    }

    private bool ByName(TaskColumn column)
    {
        if (column.Input == "Choices")
        {
            int[] several = [.. Enumerable.Range(0, _names.Count).Where(i => !_taken.Contains(i) && NumberedChoice().IsMatch(_names[i]))];
            foreach (int index in several) Take(column, index, "its name");
            if (several.Length > 0) return true;
        }
        foreach (string name in column.Names)
        {
            int index = Enumerable.Range(0, _names.Count).FirstOrDefault(i => !_taken.Contains(i) && TaskColumns.Plain(_names[i]) == TaskColumns.Plain(name), -1);
            if (index < 0) continue;
            Take(column, index, "its name");
            return true;
        }
        return false;
    }

    // What is left is guessed of the values of the first rows.
    private void ByContent(List<TaskColumn> columns)
    {
        if (columns.Count == 0) return;
        int[] left = [.. Enumerable.Range(0, _names.Count).Where(i => !_taken.Contains(i))];
        if (left.Length < columns.Count)
            throw new BadInputException($"{file.Description.Path} has {(_names.Count == 1 ? "one column" : $"the columns {List(_names)}")}, and none for {columns[^1].Description}; name {(_names.Count == 1 ? "another delimiter with --delimiter, or a file that has one" : $"one with {columns[^1].Option}")}.");
        var values = new ColumnValues(file.Read().Take(SampleRows));
        if (columns.SingleOrDefault(column => column.IsGold && task is TaskKind.Classify or TaskKind.Label) is { IsGold: true } label)
        {
            int index = values.Repeated(left, task == TaskKind.Label);
            if (index < 0)
                throw new BadInputException($"{file.Description.Path}: no column looks like {label.Description}, with few values in many rows; name it with {label.Option} (the columns are {List(_names)}).");
            Take(label, index, "it has the fewest values");
            columns.Remove(label);
            left = [.. left.Where(i => i != index)];
        }
        if (columns.Count == 1) Take(columns[0], values.Longest(left), left.Length == 1 ? "no other is left" : "it has the longest texts");
        else if (columns.Count == left.Length)
            for (int i = 0; i < left.Length; i++) Take(columns[i], left[i], "the columns' order");
        else if (columns.Count > 0)
            throw new BadInputException($"{file.Description.Path}: which column is {columns[0].Description} does not show in the names {List(_names)}; name it with {columns[0].Option}.");
    }

    private int Named(TaskColumn column, string name)
    {
        int index = IndexOf(_names, name);
        if (index < 0 && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= _names.Count) index = number - 1;
        return index >= 0 ? index : throw new BadInputException($"{file.Description.Path} has no column '{name}' for {column.Option}; it has {List(_names)}.");
    }

    private void Take(TaskColumn column, int index, string? reason)
    {
        if (!_taken.Add(index)) throw new BadUsageException($"The column '{_names[index]}' is named twice, the second time by {column.Option}; name different ones.");
        // Files of these forms have their columns by definition.
        bool isGiven = file.Description.Form is FileForm.Conll or FileForm.Squad;
        _found.Add(new InputColumn(column.Input, _names[index], index, isGiven ? null : reason, column.Option));
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        int exact = Enumerable.Range(0, names.Count).FirstOrDefault(i => names[i] == name, -1);
        return exact >= 0 ? exact : Enumerable.Range(0, names.Count).FirstOrDefault(i => TaskColumns.Plain(names[i]) == TaskColumns.Plain(name), -1);
    }

    private static string List(IReadOnlyList<string> names) => string.Join(", ", names.Take(20).Select(name => $"'{name}'")) + (names.Count > 20 ? ", …" : "");

    [GeneratedRegex(@"^(choice|option|ending|answer|sol|alternative)[ _-]?[0-9A-Ha-h]$", RegexOptions.IgnoreCase)]
    private static partial Regex NumberedChoice();
}
