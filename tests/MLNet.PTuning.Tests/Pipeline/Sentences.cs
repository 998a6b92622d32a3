// Made-up sentences whose labels a tiny backbone can learn, and the pipeline that most tests of token labeling train on them.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

/// <summary>A sentence in every form that labels can be given in.</summary>
public sealed class Sentence
{
    public string[] Words { get; set; } = [];
    public string[] Label { get; set; } = [];
    public string Text { get; set; } = "";
    /// <summary>Entities as "start end TYPE" in <see cref="Text"/>.</summary>
    public string[] Spans { get; set; } = [];
    public int Predicate { get; set; }
    public string PredicateText { get; set; } = "";
    public float Number { get; set; }
    public float[] Numbers { get; set; } = [];
    [KeyType(3)]
    public uint[] KeysWithoutValues { get; set; } = [];
}

/// <summary>A labeler's output columns, as an app reads them.</summary>
public sealed class LabeledSentence
{
    public uint[] PredictedLabel { get; set; } = [];
    public float[] Score { get; set; } = [];
}

/// <summary>Its entities and its words' offsets.</summary>
public sealed class SentenceWithEntities
{
    public string[] EntityType { get; set; } = [];
    public string[] EntityText { get; set; } = [];
    public int[] EntityStart { get; set; } = [];
    public int[] EntityEnd { get; set; } = [];
    public float[] EntityProbability { get; set; } = [];
    public int[] WordStart { get; set; } = [];
    public int[] WordEnd { get; set; } = [];
}

internal static class Sentences
{
    private static readonly string[][] EntityWords = [["good", "great", "fine"], ["bad", "dull", "awful"]];
    private static readonly string[] Types = ["PLUS", "MINUS"], Followers = ["very", "and"];
    private static readonly string[] Filler = ["the", "a", "film", "book", "meal", "day", "was", "is", "so", "it", "we", "saw"];

    /// <summary>Sentences whose entities are a word that shows the type, alone or with one that follows it; some words are two spaces apart.</summary>
    public static List<Sentence> Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var words = random.GetItems(Filler, 2 + random.Next(8)).ToList();
            var labels = words.Select(_ => "O").ToList();
            for (int type = 0; type < 2; type++)
            {
                if (random.Next(4) == 0) continue;
                int at = random.Next(words.Count + 1);
                if (at < labels.Count && labels[at].StartsWith('I')) at = 0;
                words.InsertRange(at, [.. random.GetItems(EntityWords[type], 1), .. Enumerable.Repeat(Followers[type], random.Next(2))]);
                int length = words.Count - labels.Count;
                labels.InsertRange(at, Enumerable.Range(0, length).Select(k => (k == 0 ? "B-" : "I-") + Types[type]));
            }
            return Of([.. words], [.. labels]);
        })];
    }

    /// <summary>A sentence with its text and spans.</summary>
    public static Sentence Of(string[] words, string[] labels)
    {
        var starts = new int[words.Length];
        string text = "";
        for (int i = 0; i < words.Length; i++)
        {
            text += i == 0 ? "" : i % 5 == 0 ? "  " : " ";
            starts[i] = text.Length;
            text += words[i];
        }
        return new Sentence
        {
            Words = words,
            Label = labels,
            Text = text,
            Spans = [.. Tags.ToSpans(labels, TagScheme.Iob2).Select(s => $"{starts[s.Start]} {starts[s.End - 1] + words[s.End - 1].Length} {s.Type}")],
            PredicateText = words.FirstOrDefault() ?? "",
        };
    }

    /// <summary>Settings under which a second's training learns <see cref="Rows"/>.</summary>
    public static TokenLabelingOptions Options(TinyBackbone backbone) => new(backbone.Path)
    {
        // Random layers carry a word's label too poorly for a prompt to find it in a second.
        Method = new FullFineTuning(),
        Epochs = 12,
        LearningRate = 0.01,
        BatchSize = 8,
        PredictionBatchSize = 3,
        HeadDropout = 0,
    };

    /// <summary>Labels to keys, then the labeler.</summary>
    public static EstimatorChain<PTuningTokenLabelingTransformer> Pipeline(MLContext ml, TokenLabelingOptions options) =>
        ml.Transforms.Conversion.MapValueToKey(options.LabelColumnName).Append(ml.Transforms.PTuningV2LabelTokens(options));

    /// <summary>Trains on <paramref name="rows"/> and returns only the labeler.</summary>
    public static PTuningTokenLabelingTransformer Train(TokenLabelingOptions options, IEnumerable<Sentence> rows, int seed = 1)
    {
        var ml = new MLContext(seed);
        return Pipeline(ml, options).Fit(ml.Data.LoadFromEnumerable(rows)).LastTransformer;
    }

    /// <summary>Predictions for rows, through a data view.</summary>
    public static List<T> Predict<T>(ITransformer model, IEnumerable<Sentence> rows) where T : class, new()
    {
        var ml = new MLContext();
        return [.. ml.Data.CreateEnumerable<T>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];
    }

    /// <summary>Predicted labels of rows of words.</summary>
    public static List<string[]> Labels(PTuningTokenLabelingTransformer model, IEnumerable<Sentence> rows) =>
        [.. Predict<LabeledSentence>(model, rows).Select(p => Array.ConvertAll(p.PredictedLabel, k => model.ClassNames[(int)k - 1]))];
}

/// <summary>A labeler that a test class trains once and then only reads.</summary>
public sealed class TrainedLabeler : IDisposable
{
    private readonly TinyBackbone _backbone = new();

    public TrainedLabeler()
    {
        var options = Sentences.Options(_backbone);
        (options.Entities, options.WordOffsets) = (true, true);
        Data = Context.Data.LoadFromEnumerable(Rows);
        Chain = Sentences.Pipeline(Context, options).Fit(Data);
    }

    public MLContext Context { get; } = new(seed: 1);

    public List<Sentence> Rows { get; } = Sentences.Rows(48);

    public IDataView Data { get; }

    public TransformerChain<PTuningTokenLabelingTransformer> Chain { get; }

    public PTuningTokenLabelingTransformer Labeler => Chain.LastTransformer;

    public void Dispose()
    {
        Chain.Dispose();
        _backbone.Dispose();
    }
}
