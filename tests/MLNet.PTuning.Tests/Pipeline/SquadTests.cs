// Files in SQuAD's form become rows of questions, whatever their size; what is wrong in one is said with its place.
using System.Text;
using Microsoft.ML;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class SquadTests : IDisposable
{
    private sealed class Row
    {
        public string Id { get; set; } = "";
        public string Context { get; set; } = "";
        public string Question { get; set; } = "";
        public string[] TrainingAnswer { get; set; } = [];
        public int[] AnswerIndex { get; set; } = [];
    }

    private const string Good = """
        {"version": "v2.0", "data": [{"title": "T", "paragraphs": [
          {"qas": [{"question": "What?", "id": "1", "answers": [{"text": "film", "answer_start": 2}, {"text": "a film", "answer_start": 0}], "is_impossible": false, "plausible": [{"x": [1]}]},
                   {"question": "Why?", "id": 2, "answers": [], "is_impossible": true}],
           "context": "a film"},
          {"context": "😀 so it is", "qas": [{"id": "3", "question": "Who?", "answers": [{"answer_start": 5, "text": "it"}]}]}]},
          {"paragraphs": []}], "more": {"data": [1, 2]}}
        """;

    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new();

    [Fact]
    public void Questions_come_with_their_context_and_answers_in_the_order_of_the_file()
    {
        var rows = Rows(Good);
        Assert.Equal(["1", "2", "3"], rows.Select(r => r.Id));
        Assert.Equal(["What?", "Why?", "Who?"], rows.Select(r => r.Question));
        Assert.Equal(["a film", "a film", "😀 so it is"], rows.Select(r => r.Context));
        Assert.Equal(["film", "a film"], rows[0].TrainingAnswer);
        Assert.Equal([2, 0], rows[0].AnswerIndex);
        Assert.Empty(rows[1].TrainingAnswer);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Indices_are_code_points_or_where_the_answer_is_there_UTF_16_units(int written)
    {
        var row = Rows(Good.Replace("\"answer_start\": 5", $"\"answer_start\": {written}"))[^1];
        Assert.Equal("it", row.Context.Substring(row.AnswerIndex[0], 2));
    }

    [Fact]
    public void Every_cursor_reads_the_file_again()
    {
        var view = _ml.Data.LoadFromSquad(_folder.Write("good.json", Encoding.UTF8.GetBytes(Good)));
        Assert.Equal(Values.Rows(view, view.Schema.Select(c => c.Name)), Values.Rows(view, view.Schema.Select(c => c.Name)));
        Assert.Null(view.GetRowCount());
    }

    [Fact]
    public void A_byte_order_mark_and_texts_longer_than_the_buffer_are_read()
    {
        string context = new StringBuilder().Insert(0, "long text ", 50_000).ToString();
        var rows = Rows("\ufeff" + Good.Replace("a film\"},", context + "\"},"));
        Assert.Equal(context, rows[0].Context);
        Assert.Equal("Who?", rows[2].Question);
    }

    [Theory]
    [InlineData("""{"data": [{"paragraphs": [{"context": "x", "qas": [{"question": "q", "id": "1"}]}]}]}""", "data[0].paragraphs[0].qas[0] has no 'answers'")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "x", "qas": [{"answers": [], "id": "1"}]}]}]}""", "data[0].paragraphs[0].qas[0] has no 'question'")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "x", "qas": [{"question": "q", "answers": [{"text": "x"}]}]}]}]}""", "answers[0] has no 'answer_start'")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "x", "qas": [{"question": "q", "answers": [{"answer_start": 0}]}]}]}]}""", "answers[0] has no 'text'")]
    [InlineData("""{"data": [{"paragraphs": [{"qas": []}]}]}""", "data[0].paragraphs[0] has no 'context'")]
    [InlineData("""{"data": [{"paragraphs": []}, {"title": "t"}]}""", "data[1] has no 'paragraphs'")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "x"}]}]}""", "has no 'qas'")]
    [InlineData("""{"data": [{"paragraphs": [{"context": 5, "qas": []}]}]}""", "data[0].paragraphs[0] needs a text as 'context'")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "x", "qas": [{"question": "q", "answers": [{"text": "x", "answer_start": 0.5}]}]}]}]}""", "needs a whole number as 'answer_start'")]
    [InlineData("""{"data": {"paragraphs": []}}""", "needs an array as 'data'")]
    [InlineData("""{"version": 1}""", "has no 'data'")]
    [InlineData("[]", "needs an object with 'data'")]
    [InlineData("""{"data": [] } x""", "not JSON")]
    [InlineData("""{"data": [{"paragraphs": [}]}""", "not JSON")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "\ud800", "qas": []}]}]}""", "not valid Unicode")]
    [InlineData("<!DOCTYPE html>", "HTML page")]
    [InlineData("", "is empty")]
    public void What_is_wrong_is_said_with_the_file_and_the_place(string json, string message)
    {
        string said = Assert.Throws<InvalidDataException>(() => Rows(json)).Message;
        Assert.Contains(message, said);
        Assert.Contains("squad.json", said);
    }

    [Fact]
    public void The_line_of_an_error_is_counted()
    {
        string said = Assert.Throws<InvalidDataException>(() => Rows(Good.Replace("\"question\": \"Who?\",", ""))).Message;
        Assert.Contains("line 5, byte ", said);
    }

    [Fact]
    public void A_file_that_is_cut_short_anywhere_gives_an_error_and_never_another_row()
    {
        byte[] all = Encoding.UTF8.GetBytes(Good);
        var whole = Rows(Good).Select(r => r.Id).ToList();
        for (int length = 1; length < all.Length; length++)
        {
            string path = _folder.Write("squad.json", all[..length]);
            var ids = new List<string>();
            var error = Assert.Throws<InvalidDataException>(() =>
            {
                foreach (var row in _ml.Data.CreateEnumerable<Row>(_ml.Data.LoadFromSquad(path), reuseRowObject: false)) ids.Add(row.Id);
            });
            Assert.Contains("cut short", error.Message);
            Assert.Equal(whole.Take(ids.Count), ids);
        }
    }

    [Fact]
    public void Damaged_files_are_read_or_fail_cleanly() => Mutations.AllLoadOrFailCleanly("SQuAD", Encoding.UTF8.GetBytes(Good), 3000, bytes =>
    {
        var view = _ml.Data.LoadFromSquad(_folder.Write("squad.json", bytes));
        foreach (var row in _ml.Data.CreateEnumerable<Row>(view, reuseRowObject: false)) Assert.Equal(row.TrainingAnswer.Length, row.AnswerIndex.Length);
    });

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Contains("nowhere.json", Assert.Throws<FileNotFoundException>(() => _ml.Data.LoadFromSquad(_folder.At("nowhere.json"))).Message);

    [SharedTheory("data/xquad")]
    [InlineData("xquad/xquad.en.json", 1190)]
    [InlineData("xquad/xquad.zh.json", 1190)]
    [InlineData("mlqa_en_dev/dev-context-en-question-en.json", 1148)]
    [InlineData("cmrc2018_squadstyle/cmrc2018_trial.json", 1002)]
    public void Published_files_are_read_and_their_answers_are_where_they_say(string file, int questions)
    {
        var rows = _ml.Data.CreateEnumerable<Row>(_ml.Data.LoadFromSquad(Shared.At("data", file)), reuseRowObject: false).ToList();
        Assert.Equal(questions, rows.Count);
        var answers = rows.SelectMany(r => r.TrainingAnswer.Zip(r.AnswerIndex, (text, start) => (r.Context, Text: text, Start: start))).ToList();
        int there = answers.Count(a => a.Start >= 0 && string.CompareOrdinal(a.Context, a.Start, a.Text, 0, a.Text.Length) == 0);
        Assert.InRange((double)there / answers.Count, file.StartsWith("cmrc") ? 0.9 : 1, 1);
    }

    private List<Row> Rows(string json) => [.. _ml.Data.CreateEnumerable<Row>(_ml.Data.LoadFromSquad(_folder.Write("squad.json", Encoding.UTF8.GetBytes(json))), reuseRowObject: false)];

    public void Dispose() => _folder.Dispose();
}
