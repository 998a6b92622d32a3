// Small files of SuperGLUE's tasks, which tests write.
using Microsoft.ML;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

internal sealed class SuperGlueFolder : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new();

    public string Path => _folder.Path;

    public static string NameOf(SuperGlueTask task) => task switch
    {
        SuperGlueTask.Cb => "CB",
        SuperGlueTask.Copa => "COPA",
        SuperGlueTask.MultiRc => "MultiRC",
        SuperGlueTask.Rte => "RTE",
        SuperGlueTask.Record => "ReCoRD",
        SuperGlueTask.Wsc => "WSC",
        SuperGlueTask.Wic => "WiC",
        _ => "BoolQ",
    };

    /// <summary>A row of each task.</summary>
    public static string Row(SuperGlueTask task) => task switch
    {
        SuperGlueTask.BoolQ => """{"question": "is it", "passage": "It is -- so", "idx": 0, "label": false}""",
        SuperGlueTask.Copa => """{"premise": "It fell.", "choice1": "It was dropped.", "choice2": "It broke.", "question": "effect", "label": 1, "idx": 0}""",
        SuperGlueTask.MultiRc => """{"idx": 7, "version": 1.1, "passage": {"text": "P.", "questions": [{"question": "Q?", "answers": [{"text": "a", "idx": 0, "label": 0}, {"text": "b", "idx": 1, "label": 1}], "idx": 5}, {"question": "R?", "answers": [{"text": "c", "label": 1}], "idx": 5}]}}""",
        SuperGlueTask.Record => """{"source": "s", "passage": {"text": "😀 Ann met Bob. Ann left\n@highlight\nBob won\n@highlight\nso", "entities": [{"start": 10, "end": 12}, {"start": 2, "end": 4}, {"start": 15, "end": 17}]}, "qas": [{"query": "@placeholder and @placeholder", "answers": [{"start": 2, "end": 4, "text": "Ann"}], "idx": 0}, {"query": "so @placeholder", "answers": [], "idx": 1}], "idx": 0}""",
        SuperGlueTask.Wsc => """{"text": "The cat, it said, saw Him,\" and it sat.", "target": {"span1_index": 0, "span1_text": "the cat.", "span2_index": 6, "span2_text": "It"}, "idx": 0, "label": true}""",
        SuperGlueTask.Wic => """{"word": "be", "sentence1": "😀 is here", "sentence2": "they are", "start1": 2, "end1": 4, "start2": 5, "end2": 8, "version": 1.1, "idx": 0, "label": true}""",
        _ => """{"premise": "He slept.", "hypothesis": "he slept", "label": "entailment", "idx": 0, "more": {"label": [1]}}""",
    };

    /// <summary>Writes a task's file, or a file of the folder itself.</summary>
    public void Write(SuperGlueTask? task, string name, ReadOnlySpan<byte> bytes)
    {
        string folder = task is { } of ? _folder.At(NameOf(of)) : _folder.Path;
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(System.IO.Path.Combine(folder, name), bytes);
    }

    public IDataView Load(SuperGlueTask task, SuperGlueSplit split = SuperGlueSplit.Train) => _ml.Data.LoadFromSuperGlue(_folder.Path, task, split);

    public List<string[]> Rows(SuperGlueTask task, SuperGlueSplit split = SuperGlueSplit.Train)
    {
        var view = Load(task, split);
        return Values.Rows(view, view.Schema.Select(column => column.Name));
    }

    /// <summary>The rows of a text as the task's training file.</summary>
    public List<string[]> Rows(SuperGlueTask task, string text)
    {
        Write(task, "train.jsonl", System.Text.Encoding.UTF8.GetBytes(text));
        return Rows(task);
    }

    public void Dispose() => _folder.Dispose();
}
