// Where a command writes: results to standard output, everything else to standard error.
using Spectre.Console;

namespace MLNet.PTuning.Tool;

/// <param name="output">For results: tables for a person, or with <see cref="Json"/> JSON and nothing else.</param>
/// <param name="error">For progress, what was guessed, warnings and errors.</param>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    // Of a terminal that does not say how wide it is, such as a file.
    private const int Width = 120;

    /// <summary>Results.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Everything else.</summary>
    public TextWriter Error { get; } = error;

    /// <summary>Whether a person watches standard error, who gets moving bars; else progress is in lines.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Whether results are JSON.</summary>
    public bool Json { get; set; }

    /// <summary>Whether errors come with where in the program they arose.</summary>
    public bool Verbose { get; set; }

    /// <summary>A text of a file with its control characters, but for line ends and tabs, as U+FFFD: what a file holds does not steer the terminal.</summary>
    public static string Visible(string text) => string.Create(text.Length, text, (visible, from) =>
    {
        for (int i = 0; i < from.Length; i++) visible[i] = char.IsControl(from[i]) && from[i] is not ('\n' or '\r' or '\t') ? '\uFFFD' : from[i];
    });

    /// <summary>A line of what is not a result.</summary>
    public void Say(string line)
    {
        line = Visible(line);
        // A bar that moves gives way to a line that is written through its console.
        if (IsInteractive) Progress.Write(new Spectre.Console.Text(line + Environment.NewLine));
        else Error.WriteLine(line);
    }

    /// <summary>For tables among the results.</summary>
    public IAnsiConsole Tables => Console(Output, isInteractive: false);

    /// <summary>For bars and tables among what is not a result.</summary>
    public IAnsiConsole Progress => field ??= Console(Error, IsInteractive);

    private static IAnsiConsole Console(TextWriter writer, bool isInteractive)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isInteractive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isInteractive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isInteractive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isInteractive) console.Profile.Width = Width;
        return console;
    }
}
