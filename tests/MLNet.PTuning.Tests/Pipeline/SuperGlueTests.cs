// SuperGLUE's files become rows of their tasks; what is wrong in one is said with its line.
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Files;
using static MLNet.PTuning.SuperGlueTask;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class SuperGlueTests : IDisposable
{
    private readonly SuperGlueFolder _folder = new();

    [Theory]
    [InlineData(BoolQ, "Text TextPair Label", "is it|It is -- so|false")]
    [InlineData(Cb, "Text TextPair Label", "He slept.|he slept|entailment")]
    [InlineData(Rte, "Text TextPair Label", "He slept.|he slept|entailment")]
    [InlineData(MultiRc, "Text TextPair Label Question", "P.|Q? a|0|0", "P.|Q? b|1|0", "P.|R? c|1|1")]
    [InlineData(Wic, "Text TextPair Word Start1 End1 Start2 End2 Label", "😀 is here|they are|be|3|5|5|8|true")]
    [InlineData(Wsc, "Text Start1 End1 Start2 End2 Label", "The cat, it said, saw Him,\" and it sat.|0|7|32|34|true")]
    [InlineData(Copa, "Premise Question Choices Label", "It fell.|so|2: It was dropped., It broke.|1")]
    [InlineData(SuperGlueTask.Record, "Premise Choices Entities Answers Label",
        "😀 Ann met Bob. Ann left\n- Bob won\n- so|2: Bob and Bob, Ann and Ann|2: Bob, Ann|1: Ann|1",
        "😀 Ann met Bob. Ann left\n- Bob won\n- so|2: so Bob, so Ann|2: Bob, Ann|0: |-1")]
    public void A_row_of_each_task_has_the_columns_that_its_step_reads(SuperGlueTask task, string columns, params string[] rows)
    {
        Assert.Equal(rows, _folder.Rows(task, SuperGlueFolder.Row(task)).Select(row => string.Join('|', row)));
        Assert.Equal(columns, string.Join(' ', _folder.Load(task).Schema.Select(column => column.Name)));
    }

    [Fact]
    public void Two_choices_are_a_vector_of_known_size()
    {
        _folder.Rows(Copa, SuperGlueFolder.Row(Copa));
        Assert.Equal(2, ((VectorDataViewType)_folder.Load(Copa).Schema["Choices"].Type).Size);
    }

    [Theory]
    [InlineData("\"cause\"", "because")]
    [InlineData("\"effect\"", "so")]
    public void The_question_of_COPA_is_the_conjunction_between_premise_and_choice(string question, string conjunction) =>
        Assert.Equal(conjunction, _folder.Rows(Copa, SuperGlueFolder.Row(Copa).Replace("\"effect\"", question))[0][1]);

    [Theory]
    [InlineData(BoolQ, "")]
    [InlineData(Cb, "")]
    [InlineData(MultiRc, "")]
    [InlineData(Wic, "")]
    [InlineData(Wsc, "")]
    [InlineData(Copa, "-1")]
    [InlineData(SuperGlueTask.Record, "-1")]
    public void A_test_file_without_labels_has_missing_ones_and_other_files_need_them(SuperGlueTask task, string missing)
    {
        string row = Regex.Replace(SuperGlueFolder.Row(task), """(?<=[,{] ?)"(label": [^,}]*|answers": \[({"start[^]]*)?\])(, )?""", "\"x\": 0$3");
        _folder.Write(task, "test.jsonl", Encoding.UTF8.GetBytes(row));
        var label = _folder.Load(task, SuperGlueSplit.Test).Schema["Label"];
        Assert.All(_folder.Rows(task, SuperGlueSplit.Test), values => Assert.Equal(missing, values[label.Index]));
        string said = Assert.Throws<InvalidDataException>(() => _folder.Rows(task, row)).Message;
        Assert.Contains(task == SuperGlueTask.Record ? "qas[0] has no 'answers'" : "has no 'label'", said);
        Assert.Contains("SuperGlueSplit.Test", said);
    }

    [Fact]
    public void Labels_of_a_test_file_that_has_them_are_read()
    {
        _folder.Write(Copa, "test.jsonl", Encoding.UTF8.GetBytes(SuperGlueFolder.Row(Copa)));
        Assert.Equal("1", _folder.Rows(Copa, SuperGlueSplit.Test)[0][^1]);
    }

    [Theory]
    [InlineData(Cb, "\"hypothesis\"", "\"x\"", "the row has no 'hypothesis'")]
    [InlineData(Cb, "\"He slept.\"", "null", "the row has no 'premise'")]
    [InlineData(Cb, "\"He slept.\"", "[1, 2]", "'premise' of the row is [1, 2]; it must be a text")]
    [InlineData(Cb, "\"He slept.\"", "\"\\ud800\"", "'premise' of the row is not valid Unicode")]
    [InlineData(BoolQ, "false", "5", "'label' of the row is 5; it must be a text, true or false")]
    [InlineData(BoolQ, "false", "\"\"", "the row has no 'label'")]
    [InlineData(MultiRc, "\"P.\"", "3", "'text' of passage is 3; it must be a text")]
    [InlineData(MultiRc, "\"text\": \"b\"", "\"x\": 0", "passage.questions[0].answers[1] has no 'text'")]
    [InlineData(MultiRc, "\"label\": 0", "\"label\": 2", "'label' of passage.questions[0].answers[0] is 2; it must be 0 or 1")]
    [InlineData(MultiRc, "[{\"text\": \"c\", \"label\": 1}]", "[4]", "'answers' of passage.questions[1] is [4]; it must be an array of objects")]
    [InlineData(Wic, "\"end1\": 4", "\"end1\": 10", "'end1' of the row is 10; it must be after 'start1' (2) and no more than the code points of 'sentence1' (9)")]
    [InlineData(Wic, "\"end2\": 8", "\"end2\": 5", "'end2' of the row is 5; it must be after 'start2' (5)")]
    [InlineData(Wic, "\"start1\": 2", "\"start1\": -1", "'start1' of the row is -1; it must be a whole number from 0")]
    [InlineData(Wic, "\"start1\": 2", "\"start1\": 2.5", "'start1' of the row is 2.5; it must be a whole number from 0")]
    [InlineData(Wsc, "the cat.", "the dog", "'span1_text' of target is \"the dog\"; it must be a part of the row's 'text'")]
    [InlineData(Wsc, "\"target\": {", "\"target\": 1, \"x\": {", "'target' of the row is 1; it must be an object")]
    [InlineData(Copa, "\"effect\"", "\"why\"", "'question' of the row is \"why\"; it must be \"cause\" or \"effect\"")]
    [InlineData(Copa, "\"label\": 1", "\"label\": 2", "'label' of the row is 2; it must be 0 or 1, the right choice")]
    [InlineData(Copa, "\"label\": 1", "\"label\": true", "'label' of the row is true; it must be a whole number from 0")]
    [InlineData(SuperGlueTask.Record, "\"end\": 17", "\"end\": 56", "'end' of passage.entities[2] is 56; it must be from 'start' (15) to the passage's last code point (55)")]
    [InlineData(SuperGlueTask.Record, "\"so @placeholder\"", "\"so\"", "'query' of qas[1] is \"so\"; it must be a text with '@placeholder'")]
    [InlineData(Cb, ", \"idx\"", "", "is not JSON (byte ")]
    [InlineData(Cb, "}}", "}} {}", "has more than one JSON object, from byte ")]
    [InlineData(Cb, "}}", "}", "ends inside its JSON object: the file is cut short")]
    [InlineData(Cb, "{\"premise\"", "[\"premise\"", "is no JSON object")]
    public void What_is_wrong_is_said_with_the_file_and_the_line(SuperGlueTask task, string part, string instead, string message)
    {
        string row = SuperGlueFolder.Row(task);
        Assert.Contains(part, row);
        string said = Assert.Throws<InvalidDataException>(() => _folder.Rows(task, $"{row}\n\n{row.Replace(part, instead)}\n")).Message;
        Assert.Contains(message, said);
        Assert.Contains(Path.Combine(SuperGlueFolder.NameOf(task), "train.jsonl") + ", line 3", said);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n \r\n", "is empty")]
    [InlineData("<!DOCTYPE html>", "HTML page")]
    public void A_file_without_rows_is_said(string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => _folder.Rows(Cb, text)).Message);

    [Theory]
    [InlineData("{0}\n{0}\n")]
    [InlineData("{0}\n{0}")]
    [InlineData("\ufeff\r\n{0}\r\n\r\n \t{0} ")]
    public void Blank_lines_ends_of_Windows_and_a_last_line_without_an_end_are_read(string form) =>
        Assert.Equal(2, _folder.Rows(Cb, form.Replace("{0}", SuperGlueFolder.Row(Cb))).Count);

    [Fact]
    public void A_file_that_is_cut_short_anywhere_gives_whole_rows_alone()
    {
        string row = SuperGlueFolder.Row(MultiRc);
        byte[] all = Encoding.UTF8.GetBytes($"{row}\n{row}");
        for (int length = 1; length < all.Length; length++)
        {
            _folder.Write(MultiRc, "train.jsonl", all[..length]);
            using var cursor = _folder.Load(MultiRc).GetRowCursor(_folder.Load(MultiRc).Schema);
            int rows = 0;
            if (length == row.Length || length == row.Length + 1) Assert.Equal(3, _folder.Rows(MultiRc).Count);
            else
            {
                Assert.Contains($"line {(length < row.Length ? 1 : 2)} ends inside", Assert.Throws<InvalidDataException>(() =>
                {
                    while (cursor.MoveNext()) rows++;
                }).Message);
                Assert.Equal(length < row.Length ? 0 : 3, rows);
            }
        }
    }

    [Fact]
    public void Every_cursor_reads_the_file_again()
    {
        var first = _folder.Rows(SuperGlueTask.Record, SuperGlueFolder.Row(SuperGlueTask.Record));
        Assert.Equal(first, _folder.Rows(SuperGlueTask.Record));
        Assert.Null(_folder.Load(SuperGlueTask.Record).GetRowCount());
    }

    [Theory]
    [InlineData(Wsc)]
    [InlineData(SuperGlueTask.Record)]
    public void Damaged_files_are_read_or_fail_cleanly(SuperGlueTask task) =>
        Mutations.AllLoadOrFailCleanly(SuperGlueFolder.NameOf(task), Encoding.UTF8.GetBytes(SuperGlueFolder.Row(task) + "\n"), 1500, bytes =>
        {
            _folder.Write(task, "train.jsonl", bytes);
            _folder.Rows(task);
        });

    [Fact]
    public void The_task_s_own_folder_is_taken_where_its_parent_is_not_named()
    {
        _folder.Write(null, "val.jsonl", Encoding.UTF8.GetBytes(SuperGlueFolder.Row(Cb)));
        Assert.Single(_folder.Rows(Cb, SuperGlueSplit.Validation));
    }

    [Fact]
    public void Where_there_is_no_file_both_places_are_named()
    {
        string said = Assert.Throws<FileNotFoundException>(() => _folder.Load(Copa, SuperGlueSplit.Validation)).Message;
        Assert.Contains(Path.Combine(_folder.Path, "COPA", "val.jsonl"), said);
        Assert.Contains(Path.Combine(_folder.Path, "val.jsonl"), said);
    }

    [Fact]
    public void Tasks_and_files_that_do_not_exist_are_errors()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _folder.Load((SuperGlueTask)8));
        Assert.Throws<ArgumentOutOfRangeException>(() => _folder.Load(Cb, (SuperGlueSplit)3));
    }

    public void Dispose() => _folder.Dispose();
}
