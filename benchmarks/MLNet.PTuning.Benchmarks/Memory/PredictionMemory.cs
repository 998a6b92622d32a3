// Memory of a process that predicts one row after the other through a PredictionEngine.
using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Benchmarks.Memory;

/// <summary>Resident memory before and after many predictions, in bytes.</summary>
/// <param name="Predictions">How many lie between.</param>
/// <param name="Before">After warming up.</param>
/// <param name="After">At the end.</param>
/// <param name="MillisecondsEach">Mean time of one.</param>
internal sealed record PredictionMemory(int Predictions, long Before, long After, double MillisecondsEach)
{
    private const int WarmUp = 5_000, Rows = 64;
    private static readonly string[] Words = ["the", "film", "was", "a", "good", "story", "of", "bad", "people", "and", "very", "long", "but", "we", "saw", "it"];

    public double Growth => (double)(After - Before) / Before;

    public static PredictionMemory Measure(string backbone, int predictions)
    {
        var random = new Random(1);
        Row[] rows = [.. Enumerable.Range(0, Rows).Select(i => new Row { Text = string.Join(' ', random.GetItems(Words, 1 + random.Next(60))), Label = i % 2 == 0 ? "good" : "bad" })];
        var ml = new MLContext(seed: 1);
        var model = ml.Transforms.Conversion.MapValueToKey(nameof(Row.Label))
            .Append(ml.Transforms.PTuningV2Classify(new TextClassificationOptions(backbone) { Epochs = 1 })).Fit(ml.Data.LoadFromEnumerable(rows));
        using var classifier = model.LastTransformer;
        using var engine = ml.Model.CreatePredictionEngine<Row, Prediction>(model);
        Predict(WarmUp);
        long before = ResidentMemory.Measure(), started = Stopwatch.GetTimestamp();
        Predict(predictions);
        double milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds / predictions;
        return new PredictionMemory(predictions, before, ResidentMemory.Measure(), milliseconds);

        void Predict(int count)
        {
            for (int i = 0; i < count; i++) engine.Predict(rows[i % Rows]);
        }
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
    }
}
