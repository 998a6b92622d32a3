// Runs a command line of ptuning in this process, and keeps what it wrote.
using System.Text.Json;
using MLNet.PTuning.Tool;
using MLNet.PTuning.Tool.Commands;

namespace MLNet.PTuning.Tests.Tool;

/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Error">What it wrote to standard error.</param>
internal sealed record CommandLine(int ExitCode, string Output, string Error)
{
    public static CommandLine Run(params string[] arguments) => Run(CancellationToken.None, arguments);

    public static CommandLine Run(CancellationToken cancellation, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = PTuningCommand.RunAsync(arguments, new Terminal(output, error), cancellation).GetAwaiter().GetResult();
        return new CommandLine(code, output.ToString(), error.ToString());
    }

    /// <summary>Standard output, which has to be one JSON value.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}
