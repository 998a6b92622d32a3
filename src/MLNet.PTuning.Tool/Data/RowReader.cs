// Makes a task's rows of a file's rows: takes the columns, splits words, finds choices and answers.
using System.Globalization;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Data;

/// <param name="file">The file.</param>
/// <param name="task">The task.</param>
/// <param name="columns">The columns that fill ML.NET's.</param>
internal sealed class RowReader(RowFile file, TaskKind task, IReadOnlyList<InputColumn> columns)
{
    private readonly ILookup<string, int> _indices = columns.ToLookup(column => column.Input, column => column.Index);
    private readonly bool _hasGold = columns.Any(column => TaskColumns.Of(task).Single(c => c.Input == column.Input).IsGold);

    /// <summary>The file.</summary>
    public RowFile File => file;

    /// <summary>The task.</summary>
    public TaskKind Task => task;

    /// <summary>The columns that fill ML.NET's.</summary>
    public IReadOnlyList<InputColumn> Columns => columns;

    /// <summary>The file's rows; null for one that has no text, or where gold labels are read no label.</summary>
    /// <exception cref="BadInputException">A row cannot be read, or is not what the task takes; the message names its line.</exception>
    public IEnumerable<TaskRow?> Read() => file.Read().Select(Row);

    private TaskRow? Row(FileRow row)
    {
        TaskRow? made = task switch
        {
            TaskKind.Classify => Text(row),
            TaskKind.Label => Words(row),
            TaskKind.Answer => Question(row),
            TaskKind.Choose => Choice(row),
            _ => Writing(row),
        };
        if (made is not null) made.Place = row.Id ?? row.Line.ToString(CultureInfo.InvariantCulture);
        return made;
    }

    private TextRow? Text(FileRow row)
    {
        if (Misses(row, "Text") || (_hasGold && Misses(row, "Label"))) return null;
        return new() { Text = One(row, "Text"), TextPair = One(row, "TextPair"), Label = One(row, "Label").Trim() };
    }

    private WordsRow? Words(FileRow row)
    {
        if (Misses(row, "Words") || (_hasGold && Misses(row, "Label"))) return null;
        var made = new WordsRow { Words = Split(row, "Words"), Label = _hasGold ? Split(row, "Label") : [] };
        return !_hasGold || made.Words.Length == made.Label.Length ? made
            : throw Wrong(row, "Label", $"{made.Label.Length} labels for {made.Words.Length} words; give one label a word, with white space between them");
    }

    private QuestionRow? Question(FileRow row)
    {
        if (Misses(row, "Context") || Misses(row, "Question")) return null;
        var made = new QuestionRow { Context = One(row, "Context"), Question = One(row, "Question") };
        if (!_hasGold) return made;
        made.TrainingAnswer = [.. List(row, "TrainingAnswer").Where(answer => answer.Length > 0)];
        string[] starts = _indices.Contains("AnswerIndex") ? List(row, "AnswerIndex") : [];
        if (starts.Length > 0 && starts.Length != made.TrainingAnswer.Length)
            throw Wrong(row, "AnswerIndex", $"{starts.Length} beginnings for {made.TrainingAnswer.Length} answers; give as many");
        made.AnswerIndex = [.. made.TrainingAnswer.Select((answer, i) => starts.Length == 0 ? Math.Max(0, made.Context.IndexOf(answer, StringComparison.Ordinal)) : Number(row, "AnswerIndex", starts[i]))];
        return made;
    }

    private ChoiceRow? Choice(FileRow row)
    {
        if (Misses(row, "Premise") || Misses(row, "Choices") || (_hasGold && Misses(row, "Label"))) return null;
        string[] choices = [.. _indices["Choices"].SelectMany(index => row.Fields[index].List ?? (row.Fields[index].IsMissing ? [] : [row.Fields[index].Text!]))];
        if (choices.Length < 2) throw Wrong(row, "Choices", $"{choices.Length} choices; a row has two or more, in columns of their own or in a list");
        var made = new ChoiceRow { Premise = One(row, "Premise"), Question = One(row, "Question"), Choices = choices };
        if (!_hasGold) return made;
        string label = One(row, "Label").Trim();
        made.Label = int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : Array.IndexOf(choices, label);
        return made.Label >= 0 && made.Label < choices.Length ? made
            : throw Wrong(row, "Label", $"'{Short(label)}', which is neither one of the {choices.Length} choices nor the index of one, counted from 0");
    }

    private WritingRow? Writing(FileRow row) =>
        Misses(row, "Text") || (_hasGold && Misses(row, "Target")) ? null : new WritingRow { Text = One(row, "Text"), Target = One(row, "Target") };

    private bool Misses(FileRow row, string input) => _indices[input].All(index => row.Fields[index].IsMissing);

    private string One(FileRow row, string input)
    {
        foreach (int index in _indices[input]) return row.Fields[index] is { List: { } list } ? string.Join(' ', list) : row.Fields[index].Text ?? "";
        return "";
    }

    private string[] List(FileRow row, string input)
    {
        foreach (int index in _indices[input]) return row.Fields[index].List ?? (row.Fields[index].IsMissing ? [] : [row.Fields[index].Text!]);
        return [];
    }

    private string[] Split(FileRow row, string input)
    {
        int index = _indices[input].First();
        return row.Fields[index].List ?? row.Fields[index].Text?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
    }

    private int Number(FileRow row, string input, string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
        : throw Wrong(row, input, $"'{Short(text)}', which is no number; give the answer's place in the text, counted from 0");

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private BadInputException Wrong(FileRow row, string input, string what) =>
        new($"{file.Description.Path}, line {row.Line}, column {file.Name(_indices[input].First())}: {what}.");
}
