// What an error becomes on the command line: one sentence on standard error, an exit code, and no stack trace unless it is asked for.
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Tool.Commands;

internal static partial class Failure
{
    /// <summary>Writes what went wrong, and gives the exit code.</summary>
    public static int Report(Exception error, Terminal terminal)
    {
        var cause = Cause(error);
        int code = CodeOf(cause);
        string sentence = code switch
        {
            ExitCodes.InternalError => $"An error of ptuning itself: {cause.GetType().Name}: {OneLine(cause.Message)} Run the command with --verbose for where it arose, and report it.",
            ExitCodes.Canceled when cause.GetType() != typeof(CanceledRunException) => "Stopped; nothing was written.",
            _ => OneLine(cause.Message),
        };
        Try(() => terminal.Say(sentence));
        if (terminal.Verbose) Try(() => terminal.Say(error.ToString()));
        if (terminal.Json) Try(() => terminal.Output.WriteLine(JsonSerializer.Serialize(new { error = sentence, exitCode = code })));
        return code;
    }

    // A stream that cannot be written may be the error itself: the other one, or the exit code alone, says so.
    private static void Try(Action write)
    {
        try { write(); }
        catch (IOException) { }
    }

    // ML.NET wraps what its cursors threw; tasks wrap what they ran.
    private static Exception Cause(Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
            if (CodeOf(inner) is not ExitCodes.InternalError) return inner;
        return error;
    }

    private static int CodeOf(Exception error) => error switch
    {
        OperationCanceledException => ExitCodes.Canceled,
        BadUsageException or ArgumentException and not ArgumentNullException => ExitCodes.BadUsage,
        BadInputException or IOException or InvalidDataException or UnauthorizedAccessException or NotSupportedException => ExitCodes.BadInput,
        _ => ExitCodes.InternalError,
    };

    private static string OneLine(string message) => WhiteSpace().Replace(ParameterName().Replace(message, ""), " ").Trim();

    [GeneratedRegex(@"\s*\(Parameter '\w+'\)(\s*Actual value was .*)?", RegexOptions.Singleline)]
    private static partial Regex ParameterName();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
