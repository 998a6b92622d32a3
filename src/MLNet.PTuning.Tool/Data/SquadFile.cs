// Files of questions in the form of SQuAD, which the library reads.
using System.Globalization;
using Microsoft.ML;

namespace MLNet.PTuning.Tool.Data;

internal sealed class SquadFile : RowFile
{
    private SquadFile() { }

    public static SquadFile Open(TextSample sample) => new()
    {
        Description = new DataFile(sample.Path, FileForm.Squad, sample.EncodingName, null, false, ["Context", "Question", "TrainingAnswer", "AnswerIndex"]),
        Notes = [$"{sample.Path}: questions in the form of SQuAD (--format says otherwise)."],
    };

    public override IEnumerable<FileRow> Read()
    {
        var ml = new MLContext();
        long number = 0;
        foreach (var row in ml.Data.CreateEnumerable<SquadQuestion>(ml.Data.LoadFromSquad(Description.Path), reuseRowObject: false))
            yield return Checked(new FileRow(++number, [new(row.Context), new(row.Question), new(null, row.TrainingAnswer), new(null, [.. row.AnswerIndex.Select(i => i.ToString(CultureInfo.InvariantCulture))])], row.Id));
    }

    private sealed class SquadQuestion
    {
        public string Id { get; set; } = "";
        public string Context { get; set; } = "";
        public string Question { get; set; } = "";
        public string[] TrainingAnswer { get; set; } = [];
        public int[] AnswerIndex { get; set; } = [];
    }
}
