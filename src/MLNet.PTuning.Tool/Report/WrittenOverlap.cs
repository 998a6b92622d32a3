// How much a written text has in common with the one that the file has: ROUGE-L of each row.
using Microsoft.ML;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class WrittenOverlap
{
    private sealed class Row
    {
        public string Target { get; set; } = "";
        public string GeneratedText { get; set; } = "";
    }

    public static double[] Of(IEnumerable<GeneratedText> rows)
    {
        var ml = new MLContext();
        return [.. rows.Select(row => ml.MulticlassClassification.EvaluateGeneratedText(ml.Data.LoadFromEnumerable([new Row { Target = row.Gold, GeneratedText = row.Written }])).RougeL)];
    }
}
