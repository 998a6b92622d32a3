// The root of the command tree, and what all verbs share: parsing, errors as one sentence, exit codes.
using System.CommandLine;
using System.CommandLine.Parsing;

namespace MLNet.PTuning.Tool.Commands;

internal static class PTuningCommand
{
    // Time for the training step that runs when Ctrl-C is pressed.
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(30);

    // A word that begins with @ is a file or column of that name, not a file of arguments.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    private static readonly Option<bool> Json = new("--json") { Description = "Writes the result as JSON to standard output; all else goes to standard error.", Recursive = true };
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Adds to an error where in the program it arose.", Recursive = true };

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">As the process got them.</param>
    /// <param name="terminal">Where to write.</param>
    /// <param name="cancellation">Stops the command, as Ctrl-C does.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, Terminal terminal, CancellationToken cancellation = default)
    {
        var parsed = Create(terminal).Parse(arguments, Parsing);
        terminal.Json = parsed.GetValue(Json);
        terminal.Verbose = parsed.GetValue(Verbose);
        if (parsed.Errors.Count > 0)
        {
            string path = string.Join(' ', parsed.CommandResult.PathOfNames());
            return Failure.Report(new BadUsageException($"{string.Join(' ', parsed.Errors.Select(e => e.Message))} See '{path} --help'."), terminal);
        }
        var configuration = new InvocationConfiguration
        {
            Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToStop,
        };
        return await parsed.InvokeAsync(configuration, cancellation);
    }

    private static RootCommand Create(Terminal terminal) => new("Trains, evaluates and applies P-Tuning v2 models of ML.NET, from text files. Exit codes: 0 done, 1 an error of ptuning itself, 2 a wrong command line, 3 a wrong file or folder, 130 stopped.")
    {
        TrainCommand.Create(terminal), PredictCommand.Create(terminal), EvaluateCommand.Create(terminal), InspectCommand.Create(terminal), ExportCommand.Create(terminal),
        ImportCommand.Create(terminal), BackboneCommand.Create(terminal), Json, Verbose,
    };

    /// <summary>Sets what a verb does. Whatever it throws becomes one sentence and an exit code.</summary>
    public static Command Runs(this Command command, Terminal terminal, Action<ParseResult, CancellationToken> run)
    {
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            try
            {
                run(parsed, cancellation);
                return ExitCodes.Done;
            }
            catch (Exception e)
            {
                return Failure.Report(e, terminal);
            }
        }, CancellationToken.None));
        return command;
    }

    private static IEnumerable<string> PathOfNames(this CommandResult result) =>
        result.Parent is CommandResult parent ? [.. parent.PathOfNames(), result.Command.Name] : ["ptuning"];
}
