// What the rows of each task of SuperGLUE are: its columns, and how a line of its file gives their values.
using Microsoft.ML.Data;
using MLNet.PTuning.Files;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>The form of a task's rows.</summary>
/// <param name="Folder">The task's folder.</param>
/// <param name="Columns">The columns: of text, of Int32, and of vectors of text.</param>
/// <param name="Rows">The rows of a file's lines, one value a column (<see cref="string"/>, <see cref="int"/>, a list of <see cref="string"/>). Where labels are not required, those that the file lacks are empty or -1.</param>
internal sealed record SuperGlueForm(string Folder, IReadOnlyList<(string Name, DataViewType Type)> Columns, Func<IEnumerable<JsonRow>, bool, IEnumerable<object[]>> Rows)
{
    private const int Unknown = -1;

    private const string Highlight = "@highlight\n", Placeholder = "@placeholder";

    private static readonly (string, DataViewType)[] Pair = [Text("Text"), Text("TextPair")], Spans = [Number("Start1"), Number("End1"), Number("Start2"), Number("End2")];

    public static SuperGlueForm Of(SuperGlueTask task) => task switch
    {
        SuperGlueTask.BoolQ => new("BoolQ", [.. Pair, Text("Label")], Each((row, isLabeled) => [row.Text("question"), row.Text("passage"), Class(row, isLabeled)])),
        SuperGlueTask.Cb => new("CB", [.. Pair, Text("Label")], Each(Entailment)),
        SuperGlueTask.Rte => new("RTE", [.. Pair, Text("Label")], Each(Entailment)),
        SuperGlueTask.MultiRc => new("MultiRC", [.. Pair, Text("Label"), Number("Question")], Answers),
        SuperGlueTask.Wic => new("WiC", [.. Pair, Text("Word"), .. Spans, Text("Label")], Each((row, isLabeled) =>
            [row.Text("sentence1"), row.Text("sentence2"), row.Text("word"), .. WordSpan(row, '1'), .. WordSpan(row, '2'), Class(row, isLabeled)])),
        SuperGlueTask.Wsc => new("WSC", [Text("Text"), .. Spans, Text("Label")], Each((row, isLabeled) =>
            [row.Text("text"), .. PhraseSpan(row, "span1"), .. PhraseSpan(row, "span2"), Class(row, isLabeled)])),
        SuperGlueTask.Copa => new("COPA", [Text("Premise"), Text("Question"), Texts("Choices", 2), Number("Label")], Each((row, isLabeled) =>
            [row.Text("premise"), Conjunction(row), (string[])[row.Text("choice1"), row.Text("choice2")], Binary(row, isLabeled, "the right choice")])),
        SuperGlueTask.Record => new("ReCoRD", [Text("Premise"), Texts("Choices"), Texts("Entities"), Texts("Answers"), Number("Label")],
            (rows, isLabeled) => rows.SelectMany(row => Queries(row, isLabeled))),
        _ => throw new ArgumentOutOfRangeException(nameof(task), task, "There is no such task of SuperGLUE."),
    };

    private static (string, DataViewType) Text(string name) => (name, TextDataViewType.Instance);

    // Length 0: as many as the row has.
    private static (string, DataViewType) Texts(string name, int length = 0) => (name, new VectorDataViewType(TextDataViewType.Instance, length));

    private static (string, DataViewType) Number(string name) => (name, NumberDataViewType.Int32);

    private static Func<IEnumerable<JsonRow>, bool, IEnumerable<object[]>> Each(Func<JsonRow, bool, object[]> values) => (rows, isLabeled) => rows.Select(row => values(row, isLabeled));

    private static object[] Entailment(JsonRow row, bool isLabeled) => [row.Text("premise"), row.Text("hypothesis"), Class(row, isLabeled)];

    // A row an answer. Questions are counted, since numbers of several files may be the same; in SuperGLUE's own files they are their "idx".
    private static IEnumerable<object[]> Answers(IEnumerable<JsonRow> rows, bool isLabeled)
    {
        int number = 0;
        foreach (var passage in rows.Select(row => row.Object("passage")))
        {
            string paragraph = passage.Text("text");
            foreach (var question in passage.Objects("questions"))
            {
                string text = question.Text("question");
                foreach (var answer in question.Objects("answers"))
                {
                    int label = Binary(answer, isLabeled, "1 for a right answer");
                    yield return [paragraph, $"{text} {answer.Text("text")}", label switch { Unknown => "", 0 => "0", _ => "1" }, number];
                }
                number++;
            }
        }
    }

    // A row a query.
    private static IEnumerable<object[]> Queries(JsonRow row, bool isLabeled)
    {
        var passage = row.Object("passage");
        string text = passage.Text("text"), premise = text.Replace(Highlight, "- ", StringComparison.Ordinal);
        var offsets = new OffsetMap(text, OffsetUnit.CodePoints);
        string[] entities = [.. passage.Objects("entities").Select(entity => Entity(entity, text, offsets)).Distinct()];
        foreach (var query in row.Objects("qas"))
        {
            string sentence = query.Text("query");
            if (!sentence.Contains(Placeholder, StringComparison.Ordinal)) throw query.Wrong("query", $"a text with '{Placeholder}' where an entity is left out");
            string[] answers = query.Has("answers") ? [.. query.Objects("answers").Select(answer => answer.Text("text"))] : Required<string[]>(query, "answers", isLabeled, []);
            string[] choices = Array.ConvertAll(entities, entity => sentence.Replace(Placeholder, entity, StringComparison.Ordinal));
            yield return [premise, choices, entities, answers, Array.FindIndex(entities, entity => Array.IndexOf(answers, entity) >= 0)];
        }
    }

    // Its end is that of its last character.
    private static string Entity(JsonRow entity, string text, OffsetMap offsets)
    {
        int start = entity.Integer("start"), end = entity.Integer("end");
        if (start > end || end >= offsets.Length) throw entity.Wrong("end", FormattableString.Invariant($"from 'start' ({start}) to the passage's last code point ({offsets.Length - 1})"));
        return text[offsets.ToUtf16(start)..offsets.ToUtf16(end + 1)];
    }

    private static object[] WordSpan(JsonRow row, char which)
    {
        var offsets = new OffsetMap(row.Text($"sentence{which}"), OffsetUnit.CodePoints);
        int start = row.Integer($"start{which}"), end = row.Integer($"end{which}");
        if (start >= end || end > offsets.Length)
            throw row.Wrong($"end{which}", FormattableString.Invariant($"after 'start{which}' ({start}) and no more than the code points of 'sentence{which}' ({offsets.Length})"));
        return [offsets.ToUtf16(start), offsets.ToUtf16(end)];
    }

    private static object[] PhraseSpan(JsonRow row, string which)
    {
        var target = row.Object("target");
        string phrase = target.Text($"{which}_text");
        var (start, end) = PhraseSearch.Find(row.Text("text"), phrase, target.Integer($"{which}_index")) ?? throw target.Wrong($"{which}_text", "a part of the row's 'text'");
        return [start, end];
    }

    // As P-Tuning v2's authors join the premise and a choice.
    private static string Conjunction(JsonRow row) => row.Text("question") switch
    {
        "cause" => "because",
        "effect" => "so",
        _ => throw row.Wrong("question", "\"cause\" or \"effect\""),
    };

    private static int Binary(JsonRow row, bool isLabeled, string meaning) => row.OptionalInteger("label") switch
    {
        null => Required(row, "label", isLabeled, Unknown),
        { } label and (0 or 1) => label,
        _ => throw row.Wrong("label", $"0 or 1, {meaning}"),
    };

    private static string Class(JsonRow row, bool isLabeled) => row.OptionalClass("label") ?? Required(row, "label", isLabeled, "");

    private static T Required<T>(JsonRow row, string name, bool isRequired, T otherwise) =>
        isRequired ? throw row.Missing(name, $"only {nameof(SuperGlueSplit)}.{nameof(SuperGlueSplit.Test)} reads rows without it") : otherwise;
}
