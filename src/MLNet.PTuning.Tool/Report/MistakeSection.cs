// The report's mistakes: the test rows whose wrong predictions the model is surest of, with their texts.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class MistakeSection
{
    private const int WordsShown = 150;

    public static ReportSection? Of(TrainingRun run, ReportFigures figures) => run.TestRows.Count == 0 ? null
        : new("mistakes", run.Task == TaskKind.Generate ? "Texts least like the file’s" : "Most confident mistakes", html => Write(html, run, figures));

    private static void Write(HtmlText html, TrainingRun run, ReportFigures figures)
    {
        if (figures.MistakeCount == 0)
        {
            html.Line($"<p>None: all {Shown.Count(run.TestRows.Count)} test rows are right.</p>");
            return;
        }
        html.Line($"<p>{figures.Mistakes.Count} of the {Shown.Count(figures.MistakeCount)} test rows {(run.Task == TaskKind.Generate ? "whose text is another than the file’s, by ROUGE-L" : "that are wrong, the surest first. Here labels may be wrong as well as predictions")}.</p>");
        html.Line($"<ol class=\"mistakes\">");
        foreach (var mistake in figures.Mistakes)
        {
            html.Line($"<li><p class=\"place\">{(run.Task == TaskKind.Answer ? "question" : "line")} {UserText.Label(mistake.Place)}: {(run.Task == TaskKind.Generate ? "ROUGE-L" : "probability")} {Shown.Percent(mistake.Score)}</p>");
            html.List(Entries(run.TestRows[mistake.Row]));
            html.Line($"</li>");
        }
        html.Line($"</ol>");
    }

    private static IEnumerable<(string Name, Markup Value)> Entries(TestRow row) => row switch
    {
        ClassifiedText text => [("text", UserText.Shown(text.Text)), .. text.Pair is { } pair ? [("second text", UserText.Shown(pair))] : Array.Empty<(string, Markup)>(), ("gold label", UserText.Label(text.Gold)), ("predicted", UserText.Label(text.Predicted))],
        LabeledWords words => [("words", Marked(words))],
        AnsweredQuestion answer => [("question", UserText.Shown(answer.Question)), ("text", UserText.Shown(answer.Context)), ("gold answer", answer.Gold.Length == 0 ? ReportParts.Plain("none") : UserText.Shown(answer.GoldText)), ("predicted", answer.Predicted.Length == 0 ? ReportParts.Plain("none") : UserText.Shown(answer.Predicted))],
        ChosenText chosen => [("text", UserText.Shown(chosen.Premise)), ("right", UserText.Shown(chosen.GoldText)), ("chosen", UserText.Shown(chosen.PredictedText))],
        _ => [("text", UserText.Shown(row.InputText)), ("in the file", UserText.Shown(row.GoldText)), ("written", UserText.Shown(row.PredictedText))],
    };

    // The words of a row, those that are wrong with both labels.
    private static Markup Marked(LabeledWords row) => HtmlText.Piece(html =>
    {
        for (int i = 0; i < Math.Min(row.Words.Length, WordsShown); i++)
        {
            if (row.Gold[i] == row.Predicted[i]) html.Line($"{UserText.Label(row.Words[i])}");
            else html.Line($"<span class=\"wrong\"><mark>{UserText.Label(row.Words[i])}</mark> <small>{UserText.Label(row.Gold[i])}, predicted {UserText.Label(row.Predicted[i])}</small></span>");
        }
        if (row.Words.Length > WordsShown) html.Line($"… <i class=\"faint\">(cut; {row.Words.Length} words)</i>");
    });
}
