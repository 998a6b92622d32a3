// Column files of words and labels, which the library reads.
using Microsoft.ML;

namespace MLNet.PTuning.Tool.Data;

internal sealed class ConllFile : RowFile
{
    private ConllFile() { }

    /// <summary>The columns of the rows.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["Words", "Label"];

    public static ConllFile Open(TextSample sample) => new()
    {
        Description = new DataFile(sample.Path, FileForm.Conll, sample.EncodingName, null, false, Columns),
        Notes = [$"{sample.Path}: a word a line, first the word and last its label, an empty line after each sentence (--format says otherwise)."],
    };

    public override IEnumerable<FileRow> Read()
    {
        var ml = new MLContext();
        var rows = ml.Data.CreateEnumerable<Sentence>(ml.Data.LoadFromConll(Description.Path), reuseRowObject: false);
        long number = 0;
        foreach (var row in rows) yield return Checked(new FileRow(++number, [new(null, row.Words), new(null, row.Label)]));
    }

    private sealed class Sentence
    {
        public string[] Words { get; set; } = [];
        public string[] Label { get; set; } = [];
    }
}
