// predictions.csv or predictions.jsonl: the test rows with what the model predicted.
namespace MLNet.PTuning.Tool.Run;

internal static class PredictionsFile
{
    public static void Write(TrainingRun run, string folder)
    {
        if (run.TestRows.Count == 0) return;
        string name = run.Task is TaskKind.Classify or TaskKind.Choose ? "predictions.csv" : "predictions.jsonl";
        using var file = new StreamWriter(Path.Combine(folder, name));
        using var writer = PredictionWriter.Create(file, PredictionWriter.IsJson(name), run.ClassNames, hasGold: true, run.Task);
        foreach (var row in run.TestRows) writer.Write(row);
    }
}
