// The rows that go into the pipeline and come out of it.
using Microsoft.ML.Data;

namespace SentimentAnalysis;

/// <summary>A line of a tab-separated file with a header: label, text.</summary>
internal sealed class Review
{
    [LoadColumn(0)] public string Label { get; set; } = "";

    [LoadColumn(1)] public string Text { get; set; } = "";
}

internal sealed class Sentiment
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
