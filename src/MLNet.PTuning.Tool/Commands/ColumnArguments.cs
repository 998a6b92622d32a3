// The options by which the command line names a file's columns.
using System.CommandLine;
using MLNet.PTuning.Tool.Data;

namespace MLNet.PTuning.Tool.Commands;

/// <param name="columns">The columns that can be named. Those of several tasks may share an option.</param>
internal sealed class ColumnArguments(IEnumerable<TaskColumn> columns)
{
    private readonly (string Option, TaskColumn[] Columns, Option<string[]> Argument)[] _arguments = [.. columns.GroupBy(column => column.Option).Select(group => (group.Key, group.ToArray(), new Option<string[]>(group.Key)
    {
        Description = $"The column of {string.Join(", or ", group.Select(column => column.Description).Distinct())}, by name or number. Default: guessed.",
        AllowMultipleArgumentsPerToken = group.Any(column => column.Input == "Choices"), HelpName = "COLUMN",
    }))];

    public IEnumerable<Option> Options => _arguments.Select(argument => argument.Argument);

    /// <summary>The columns that were named, by ML.NET's columns of a task.</summary>
    /// <exception cref="BadUsageException">The task has no such column, or an option names several.</exception>
    public IReadOnlyDictionary<string, string[]> Read(ParseResult parsed, IReadOnlyList<TaskColumn>? ofTask = null)
    {
        var named = new Dictionary<string, string[]>();
        foreach (var (option, known, argument) in _arguments)
        {
            if (parsed.GetValue(argument) is not { Length: > 0 } names) continue;
            var column = ofTask is null ? known[0] : ofTask.FirstOrDefault(column => column.Option == option) ?? throw new BadUsageException($"{option} names no column of this model's task; it reads {string.Join(", ", ofTask.Select(column => column.Option))}.");
            if (names.Length > 1 && column.Input != "Choices") throw new BadUsageException($"{option} is given {names.Length} times; give it once.");
            named.Add(column.Input, names);
        }
        return named;
    }
}
