// An answer on the console, in color, with the text around it.
using System.Globalization;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace QuestionAnswering;

internal static partial class MarkedText
{
    private const int Around = 120;

    /// <summary>Writes a question, the part of its text that has the answer, and all answers with their probabilities.</summary>
    /// <param name="question">The question.</param>
    /// <param name="text">The text that it is about.</param>
    /// <param name="answered">Its answers.</param>
    /// <param name="gold">The answers of a test file, empty for no answer; null where they are not known.</param>
    public static void Write(string question, string text, Answered answered, IReadOnlyList<string>? gold = null)
    {
        AnsiConsole.MarkupLine($"[bold]{Markup.Escape(question)}[/]");
        AnsiConsole.MarkupLine("  " + Marked(text, answered));
        string[] answers = [.. answered.PredictedAnswer.Zip(answered.Score, (answer, probability) => $"{Named(answer)} {probability.ToString("p0", CultureInfo.InvariantCulture)}")];
        AnsiConsole.MarkupLine($"  [grey]{Markup.Escape(string.Join("; ", answers))}[/]");
        if (gold is not null) AnsiConsole.MarkupLine($"  [grey]{Markup.Escape("in the data: " + string.Join(" / ", gold.DefaultIfEmpty("").Select(Named)))}[/]");
        AnsiConsole.WriteLine();
    }

    private static string Marked(string text, Answered answered)
    {
        if (answered.PredictedAnswer[0].Length == 0) return Colored("no answer", "yellow3");
        int start = answered.AnswerStart[0], end = answered.AnswerEnd[0];
        return Markup.Escape(Before(text[..start])) + Colored(OneLine(text[start..end]), "springgreen3") + Markup.Escape(After(text[end..]));
    }

    // Without colors, brackets mark it.
    private static string Colored(string text, string color) =>
        AnsiConsole.Profile.Capabilities.Ansi ? $"[black on {color}] {Markup.Escape(text)} [/]" : Markup.Escape($"[{text}]");

    // The end of what precedes an answer, from the beginning of a word where there are spaces.
    private static string Before(string text)
    {
        if (text.Length <= Around) return OneLine(text);
        int from = text.Length - Around, space = text.IndexOf(' ', from);
        if (space >= 0) from = space;
        else if (char.IsLowSurrogate(text[from])) from++;
        return "…" + OneLine(text[from..]);
    }

    // The beginning of what follows it, up to the end of a word where there are spaces.
    private static string After(string text)
    {
        if (text.Length <= Around) return OneLine(text);
        int to = text.LastIndexOf(' ', Around);
        if (to < 0) to = char.IsLowSurrogate(text[Around]) ? Around - 1 : Around;
        return OneLine(text[..to]) + " …";
    }

    private static string OneLine(string text) => LineBreaks().Replace(text, " ");

    [GeneratedRegex(@"\s*[\r\n]\s*")]
    private static partial Regex LineBreaks();

    private static string Named(string answer) => answer.Length == 0 ? "no answer" : OneLine(answer);
}
