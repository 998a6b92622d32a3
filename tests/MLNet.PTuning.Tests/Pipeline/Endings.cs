// Made-up texts with endings that a tiny decoder can learn.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

/// <summary>A text with its target.</summary>
public sealed class Ending
{
    public string? Text { get; set; }
    public string? Target { get; set; }
    public float Number { get; set; }
}

/// <summary>What a model writes, as an app reads it.</summary>
public sealed class Written
{
    public string GeneratedText { get; set; } = "";
    public float Score { get; set; }
}

internal static class Endings
{
    private static readonly string[][] Telling = [["good", "great", "fine"], ["bad", "dull", "awful"]];
    private static readonly string[] Targets = ["very good day", "awful meal"], Filler = ["the", "a", "film", "book", "was", "is", "and", "so", "it", "we", "saw"];

    /// <summary>Texts whose ending follows from their last word.</summary>
    public static List<Ending> Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new Ending
        {
            Text = string.Join(' ', random.GetItems(Filler, 1 + random.Next(6)).Append(random.GetItems(Telling[i % 2], 1)[0])),
            Target = Targets[i % 2],
            Number = i,
        })];
    }

    public static TextGenerationOptions Options(TinyDecoder backbone) => new(backbone.Path)
    {
        Method = new DeepPrompt { Length = 4 }, Epochs = 2, LearningRate = 0.02, BatchSize = 8, PredictionBatchSize = 3, MaxNewTokens = 6,
    };

    public static PTuningTextGenerationTransformer Train(TextGenerationOptions options, IEnumerable<Ending>? rows = null)
    {
        var ml = new MLContext(seed: 1);
        return ml.Transforms.PTuningV2Generate(options).Fit(ml.Data.LoadFromEnumerable(rows ?? Rows(24)));
    }

    public static List<Written> Write(ITransformer model, IEnumerable<Ending> rows)
    {
        var ml = new MLContext();
        return [.. ml.Data.CreateEnumerable<Written>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];
    }

    public static string[] Texts(ITransformer model, IEnumerable<Ending> rows) => [.. Write(model, rows).Select(row => row.GeneratedText)];
}
