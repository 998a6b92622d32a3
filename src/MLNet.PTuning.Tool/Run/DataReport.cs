// Says, before training, what was found in the data files.
using System.Globalization;
using MLNet.PTuning.Tool.Data;
using Spectre.Console;

namespace MLNet.PTuning.Tool.Run;

internal static class DataReport
{
    private const int ClassesShown = 20;

    public static void Say(DataSummary data, IReadOnlyList<InputColumn>? testColumns, Terminal terminal)
    {
        SayColumns(data.TrainingFile, data.Columns, terminal);
        if (testColumns is not null) SayColumns(data.TestFile!, testColumns, terminal);
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{data.TrainingRows} rows to train on, {data.TestRows} to test on{(data.TestShare is > 0 and var share ? $" ({100 * share:f0} % held out; --test-share and --test say otherwise)" : "")}."));
        if (data.Classes.Count > 0)
        {
            var table = new Table().AddColumns("class", "training", "test").RoundedBorder();
            foreach (var c in data.Classes.Take(ClassesShown)) Row(table, c.Label, c.Training, c.Test);
            if (data.Classes.Count > ClassesShown) Row(table, $"({data.Classes.Count - ClassesShown} more)", data.Classes.Skip(ClassesShown).Sum(c => c.Training), data.Classes.Skip(ClassesShown).Sum(c => c.Test));
            terminal.Progress.Write(table);
        }
        foreach (string warning in data.Warnings) terminal.Say($"Note: {warning}");
    }

    /// <summary>Says which of a file's columns are taken.</summary>
    public static void SayColumns(DataFile file, IReadOnlyList<InputColumn> columns, Terminal terminal) => terminal.Say($"{file.Path}: {string.Join("; ", columns.GroupBy(column => column.Input).Select(group =>
        $"{group.Key} is {string.Join(", ", group.Select(column => $"'{column.Column}'"))}" + (group.First().IsGuessed ? $" ({group.First().Reason}; {group.First().Option} names another)" : "")))}.");

    private static void Row(Table table, string name, int training, int test) =>
        table.AddRow(Markup.Escape(Terminal.Visible(name.ReplaceLineEndings(" "))), training.ToString(CultureInfo.InvariantCulture), test.ToString(CultureInfo.InvariantCulture));
}
