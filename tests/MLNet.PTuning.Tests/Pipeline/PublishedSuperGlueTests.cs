// SuperGLUE's published files are read whole, and their spans are where the words are.
using System.Text.Json;
using Microsoft.ML;
using static MLNet.PTuning.SuperGlueSplit;
using static MLNet.PTuning.SuperGlueTask;

namespace MLNet.PTuning.Tests.Pipeline;

public class PublishedSuperGlueTests
{
    private const string Full = "superglue_full", Few = "superglue_fewglue32";

    [SharedTheory("data/" + Few)]
    [InlineData(BoolQ, Train, "label")]
    [InlineData(BoolQ, Validation, "label")]
    [InlineData(Cb, Train, "label")]
    [InlineData(Rte, Train, "label")]
    [InlineData(Rte, Validation, "label")]
    [InlineData(MultiRc, Train, "label")]
    [InlineData(MultiRc, Validation, "label")]
    [InlineData(Wic, Train, "label")]
    [InlineData(Wic, Validation, "label")]
    [InlineData(Wsc, Train, "label")]
    [InlineData(Wsc, Validation, "label")]
    [InlineData(Copa, Train, "label")]
    [InlineData(SuperGlueTask.Record, Train, "query")]
    public void All_rows_of_files_with_few_to_train_on_are_read_with_their_labels(SuperGlueTask task, SuperGlueSplit split, string fieldOfRows) =>
        AllRowsAreRead(Few, task, split, fieldOfRows);

    [SharedTheory("data/" + Full)]
    [InlineData(Cb, Train, "label")]
    [InlineData(Cb, Validation, "label")]
    [InlineData(Cb, Test, "idx")]
    [InlineData(Copa, Train, "label")]
    [InlineData(Copa, Validation, "label")]
    [InlineData(Copa, Test, "idx")]
    public void All_rows_of_full_files_are_read_with_their_labels_where_they_have_them(SuperGlueTask task, SuperGlueSplit split, string fieldOfRows) =>
        AllRowsAreRead(Full, task, split, fieldOfRows);

    [SharedTheory("data/" + Few)]
    [InlineData(Train)]
    [InlineData(Validation)]
    public void Spans_of_WiC_are_whole_words(SuperGlueSplit split)
    {
        var view = new MLContext().Data.LoadFromSuperGlue(Shared.At("data", Few), Wic, split);
        var rows = Values.Rows(view, "Text", "TextPair", "Word", "Start1", "End1", "Start2", "End2");
        int alike = 0;
        foreach (var row in rows)
            foreach (var (text, start, end) in new[] { (row[0], int.Parse(row[3]), int.Parse(row[4])), (row[1], int.Parse(row[5]), int.Parse(row[6])) })
            {
                Assert.NotEqual("", text[start..end].Trim());
                Assert.False(start > 0 && char.IsLetter(text[start - 1]) && char.IsLetter(text[start]), $"'{text[start..end]}' in '{text}'");
                if (char.ToLowerInvariant(text[start]) == char.ToLowerInvariant(row[2][0])) alike++;
            }
        // All but forms such as "went" of "go".
        Assert.InRange(alike, 2 * rows.Count * 9 / 10, 2 * rows.Count);
    }

    [SharedTheory("data/" + Few)]
    [InlineData(Train)]
    [InlineData(Validation)]
    public void Spans_of_WSC_are_their_texts_but_for_case_and_punctuation(SuperGlueSplit split)
    {
        var view = new MLContext().Data.LoadFromSuperGlue(Shared.At("data", Few), Wsc, split);
        var rows = Values.Rows(view, "Text", "Start1", "End1", "Start2", "End2");
        foreach (var (row, line) in rows.Zip(File.ReadLines(FileOf(Few, Wsc, split))))
        {
            using var json = JsonDocument.Parse(line);
            var target = json.RootElement.GetProperty("target");
            Assert.Equal(Letters(target.GetProperty("span1_text").GetString()!), Letters(row[0][int.Parse(row[1])..int.Parse(row[2])]));
            Assert.Equal(Letters(target.GetProperty("span2_text").GetString()!), Letters(row[0][int.Parse(row[3])..int.Parse(row[4])]));
        }
    }

    private static void AllRowsAreRead(string set, SuperGlueTask task, SuperGlueSplit split, string fieldOfRows)
    {
        var view = new MLContext().Data.LoadFromSuperGlue(Shared.At("data", set), task, split);
        var rows = Values.Rows(view, view.Schema.Select(column => column.Name));
        // A field that the file has once for each row.
        Assert.Equal(File.ReadLines(FileOf(set, task, split)).Sum(line => Count(line, $"\"{fieldOfRows}\": ")), rows.Count);
        string[] missing = ["", "-1"];
        Assert.All(rows, row => Assert.Equal(split == Test, missing.Contains(row[view.Schema["Label"].Index])));
    }

    private static string FileOf(string set, SuperGlueTask task, SuperGlueSplit split) =>
        Shared.At("data", set, SuperGlueFolder.NameOf(task), $"{(split == Validation ? "val" : split.ToString().ToLowerInvariant())}.jsonl");

    private static int Count(string line, string part) => line.Split(part).Length - 1;

    private static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
