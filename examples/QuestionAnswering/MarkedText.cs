// An answer on the console, in color, with the text around it.
using System.Globalization;
using Spectre.Console;

namespace QuestionAnswering;

internal static class MarkedText
{
    private const int Around = 120;

    /// <summary>Writes a question, the part of its text that has the answer, and the less probable answers.</summary>
    /// <param name="question">The question.</param>
    /// <param name="text">The text that it is about.</param>
    /// <param name="answered">Its answers.</param>
    /// <param name="gold">The answers of a test file, empty for no answer; null where they are not known.</param>
    public static void Write(string question, string text, Answered answered, IReadOnlyList<string>? gold = null)
    {
        AnsiConsole.MarkupLine($"[bold]{Markup.Escape(question)}[/]");
        AnsiConsole.MarkupLine("  " + Marked(text, answered));
        var others = Enumerable.Range(1, Math.Max(0, answered.PredictedAnswer.Length - 1)).Select(i => $"{Named(answered.PredictedAnswer[i])} {Percent(answered.Score[i])}");
        AnsiConsole.MarkupLine($"  [grey]{Markup.Escape($"{Percent(answered.Score[0])}; then {string.Join(", ", others)}")}[/]");
        if (gold is not null) AnsiConsole.MarkupLine($"  [grey]{Markup.Escape("in the data: " + string.Join(" / ", gold.DefaultIfEmpty("").Select(Named)))}[/]");
        AnsiConsole.WriteLine();
    }

    private static string Marked(string text, Answered answered)
    {
        if (answered.PredictedAnswer[0].Length == 0) return "[black on yellow3] no answer [/]";
        int start = answered.AnswerStart[0], end = answered.AnswerEnd[0];
        // Without colors, brackets mark the answer.
        string answer = AnsiConsole.Profile.Capabilities.Ansi ? $" {text[start..end]} " : $"[{text[start..end]}]";
        return Markup.Escape(Before(text[..start])) + $"[black on springgreen3]{Markup.Escape(OneLine(answer))}[/]" + Markup.Escape(After(text[end..]));
    }

    // The end of what precedes an answer, from the beginning of a word.
    private static string Before(string text)
    {
        int space = text.Length > Around ? text.IndexOf(' ', text.Length - Around) : -1;
        return OneLine(space < 0 ? text[Math.Max(0, text.Length - Around)..] : "…" + text[space..]);
    }

    // The beginning of what follows it, up to the end of a word.
    private static string After(string text)
    {
        int space = text.Length > Around ? text.LastIndexOf(' ', Around) : -1;
        return OneLine(space < 0 ? text[..Math.Min(Around, text.Length)] : text[..space] + " …");
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static string Named(string answer) => answer.Length == 0 ? "no answer" : OneLine(answer);

    private static string Percent(float probability) => probability.ToString("p0", CultureInfo.InvariantCulture);
}
