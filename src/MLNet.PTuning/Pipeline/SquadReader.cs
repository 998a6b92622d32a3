// Reads questions from JSON files in SQuAD's form, a paragraph at a time; every error names the file and the place.
using System.Globalization;
using System.Text.Json;
using MLNet.PTuning.Files;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>A question with its context and answers.</summary>
/// <param name="Id">The question's id; empty where it has none.</param>
/// <param name="Context">The paragraph's text.</param>
/// <param name="Question">The question.</param>
/// <param name="Answers">Its answers; none where the context does not answer it.</param>
/// <param name="Starts">Where each begins in the context, in UTF-16 units.</param>
internal sealed record SquadRow(string Id, string Context, string Question, IReadOnlyList<string> Answers, IReadOnlyList<int> Starts);

/// <summary>One pass over a file: <c>{"data": [{"paragraphs": [{"context": …, "qas": [{"id": …, "question": …, "answers": [{"text": …, "answer_start": …}]}]}]}]}</c>; other fields are skipped.</summary>
internal sealed class SquadReader
{
    private readonly JsonTokens _json;
    private string _at = "the file";

    private SquadReader(JsonTokens json) => _json = json;

    /// <summary>The rows of a file.</summary>
    /// <exception cref="InvalidDataException">It is cut short, no JSON, or of another form.</exception>
    public static IEnumerable<SquadRow> Rows(string path)
    {
        using var json = new JsonTokens(path);
        foreach (var row in new SquadReader(json).Rows()) yield return row;
    }

    private IEnumerable<SquadRow> Rows()
    {
        bool hasData = false;
        Next(JsonTokenType.StartObject, "an object with 'data'");
        while (NextName() is { } name)
        {
            if (name != "data")
            {
                SkipValue();
                continue;
            }
            hasData = true;
            int article = 0;
            Next(JsonTokenType.StartArray, "an array as 'data'");
            for (; NextItem($"data[{article}]"); article++)
                foreach (var row in Article($"data[{article}]")) yield return row;
        }
        // Finds what follows the object.
        _json.Read();
        if (!hasData) throw _json.Error("the object has no 'data'; a file in SQuAD's form is {\"data\": [{\"paragraphs\": [{\"context\": …, \"qas\": […]}]}]}");
    }

    private IEnumerable<SquadRow> Article(string place)
    {
        bool hasParagraphs = false;
        while (NextName() is { } name)
        {
            if (name != "paragraphs")
            {
                SkipValue();
                continue;
            }
            hasParagraphs = true;
            Next(JsonTokenType.StartArray, "an array as 'paragraphs'");
            for (int i = 0; NextItem($"{place}.paragraphs[{i}]"); i++)
                foreach (var row in Paragraph($"{place}.paragraphs[{i}]")) yield return row;
        }
        _at = place;
        if (!hasParagraphs) throw Missing("paragraphs");
    }

    // Questions may come before their context.
    private List<SquadRow> Paragraph(string place)
    {
        string? context = null;
        List<SquadRow>? questions = null;
        while (NextName() is { } name)
        {
            if (name == "context") context = NextText(name);
            else if (name == "qas")
            {
                questions = [];
                Next(JsonTokenType.StartArray, "an array as 'qas'");
                while (NextItem($"{place}.qas[{questions.Count}]")) questions.Add(Question());
            }
            else SkipValue();
        }
        _at = place;
        if (questions is null) throw Missing("qas");
        if (context is null) throw Missing("context");
        var offsets = new OffsetMap(context, OffsetUnit.CodePoints);
        return questions.ConvertAll(row => row with { Context = context, Starts = [.. row.Starts.Select((start, i) => InUtf16(context, offsets, row.Answers[i], start))] });
    }

    private SquadRow Question()
    {
        string id = "";
        string? question = null;
        bool isImpossible = false;
        List<(string Text, int Start)>? answers = null;
        string place = _at;
        while (NextName() is { } name)
        {
            if (name == "question") question = NextText(name);
            else if (name == "answers")
            {
                answers = [];
                Next(JsonTokenType.StartArray, "an array as 'answers'");
                while (NextItem($"{place}.answers[{answers.Count}]")) answers.Add(Answer());
                _at = place;
            }
            else if (name == "id")
            {
                Next();
                if (_json.Type is JsonTokenType.StartObject or JsonTokenType.StartArray) throw Expected("a text as 'id'");
                id = _json.Text;
            }
            else if (name == "is_impossible")
            {
                Next();
                isImpossible = _json.Type == JsonTokenType.True;
                _json.Skip();
            }
            else SkipValue();
        }
        if (question is null) throw Missing("question");
        if (answers is null && !isImpossible) throw _json.Error($"{_at} has no 'answers'; where the context does not answer the question, give an empty array");
        return new SquadRow(id, "", question, [.. (answers ?? []).Select(a => a.Text)], [.. (answers ?? []).Select(a => a.Start)]);
    }

    private (string Text, int Start) Answer()
    {
        string? text = null;
        int? start = null;
        while (NextName() is { } name)
        {
            if (name == "text") text = NextText(name);
            else if (name == "answer_start")
            {
                Next(JsonTokenType.Number, "a whole number as 'answer_start'");
                start = int.TryParse(_json.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : throw Expected("a whole number as 'answer_start'");
            }
            else SkipValue();
        }
        if (text is null) throw Missing("text");
        return (text, start ?? throw Missing("answer_start"));
    }

    // SQuAD counts code points; some programs write UTF-16 units, and those are taken where the answer is there.
    private static int InUtf16(string context, OffsetMap offsets, string answer, int start)
    {
        if (start < 0 || start > offsets.Length) return start;
        int at = offsets.ToUtf16(start);
        return at != start && !Is(at) && Is(start) ? start : at;

        bool Is(int place) => string.CompareOrdinal(context, place, answer, 0, answer.Length) == 0;
    }

    private void Next()
    {
        if (!_json.Read()) throw _json.Error("the file is cut short; download or copy it again");
    }

    private void Next(JsonTokenType type, string what)
    {
        Next();
        if (_json.Type != type) throw Expected(what);
    }

    // The name of an object's next field; null at its end.
    private string? NextName()
    {
        Next();
        return _json.Type == JsonTokenType.PropertyName ? _json.Text : null;
    }

    // Whether an array has another object, whose place is said.
    private bool NextItem(string place)
    {
        Next();
        if (_json.Type == JsonTokenType.EndArray) return false;
        _at = place;
        return _json.Type == JsonTokenType.StartObject ? true : throw Expected("an object");
    }

    private string NextText(string name)
    {
        Next(JsonTokenType.String, $"a text as '{name}'");
        return _json.Text;
    }

    private void SkipValue()
    {
        Next();
        _json.Skip();
    }

    private InvalidDataException Missing(string field) => _json.Error($"{_at} has no '{field}'");

    private InvalidDataException Expected(string what) => _json.Error($"{_at} needs {what} here");
}
