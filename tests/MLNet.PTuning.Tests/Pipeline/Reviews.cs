// Made-up rows that a tiny backbone can learn, and the pipeline that most tests train on them.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

/// <summary>A row of text with columns of other types.</summary>
public sealed class Review
{
    public string? Text { get; set; }
    public string? Label { get; set; }
    public string? Other { get; set; }
    public float Number { get; set; }
    [VectorType(3)]
    public float[] Three { get; set; } = [0, 0, 0];
    public string[] Tags { get; set; } = [];
    [KeyType(5)]
    public uint Stars { get; set; }
    public DateTime When { get; set; }
}

/// <summary>A classifier's output columns, as an app reads them.</summary>
public sealed class Predicted
{
    public string? Text { get; set; }
    public uint PredictedLabel { get; set; }
    public float[] Score { get; set; } = [];
}

internal static class Reviews
{
    private static readonly string[][] Telling = [["good", "great", "fine"], ["bad", "dull", "awful"], ["odd", "strange", "weird"]];
    private static readonly string[] Labels = ["positive", "negative", "strange"];
    private static readonly string[] Filler = ["the", "a", "film", "book", "meal", "day", "was", "is", "very", "and", "so", "it", "we", "saw"];

    /// <summary>Rows whose label follows from one word among a few to a dozen others.</summary>
    public static List<Review> Rows(int count, int classes = 2, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var words = random.GetItems(Filler, 1 + random.Next(10)).ToList();
            words.Insert(random.Next(words.Count + 1), random.GetItems(Telling[i % classes], 1)[0]);
            return new Review
            {
                Text = string.Join(' ', words),
                Label = Labels[i % classes],
                Other = string.Join(' ', random.GetItems(Filler, 3)),
                Number = i % 7 == 0 ? float.NaN : i,
                Three = i % 3 == 0 ? [0, i, 0] : [i, i + 1, i + 2],
                Tags = [.. Enumerable.Range(0, i % 4).Select(t => $"tag {t}")],
                Stars = (uint)(i % 5),
                When = new DateTime(2020, 1, 1).AddDays(i),
            };
        })];
    }

    /// <summary>Settings under which a second's training learns <see cref="Rows"/>.</summary>
    public static TextClassificationOptions Options(TinyBackbone backbone) => new(backbone.Path)
    {
        Method = new DeepPrompt { Length = 4 },
        Epochs = 8,
        LearningRate = 0.05,
        BatchSize = 8,
        PredictionBatchSize = 3,
    };

    /// <summary>The same, with a head that moves as far as the prompt and so learns more in as few steps.</summary>
    public static TextClassificationOptions QuickOptions(TinyBackbone backbone)
    {
        var options = Options(backbone);
        options.HeadLearningRate = options.LearningRate;
        return options;
    }

    /// <summary>Label to key, then the classifier.</summary>
    public static EstimatorChain<PTuningClassificationTransformer> Pipeline(MLContext ml, TextClassificationOptions options) =>
        ml.Transforms.Conversion.MapValueToKey(options.LabelColumnName).Append(ml.Transforms.PTuningV2Classify(options));

    /// <summary>Trains on <paramref name="rows"/> and returns only the classifier.</summary>
    public static PTuningClassificationTransformer Train(TextClassificationOptions options, IEnumerable<Review> rows, int seed = 1)
    {
        var ml = new MLContext(seed);
        return Pipeline(ml, options).Fit(ml.Data.LoadFromEnumerable(rows)).LastTransformer;
    }

    /// <summary>Predictions for rows, through a data view.</summary>
    public static List<Predicted> Predict(ITransformer model, IEnumerable<Review> rows)
    {
        var ml = new MLContext();
        return [.. ml.Data.CreateEnumerable<Predicted>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];
    }

    /// <summary>All probabilities, one row after the other.</summary>
    public static float[] Scores(ITransformer model, IEnumerable<Review> rows) => [.. Predict(model, rows).SelectMany(p => p.Score)];
}
