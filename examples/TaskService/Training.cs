// Trains two tasks from the other examples' data, for a first look: the judgement of a review, and the entities of a sentence.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning;

namespace TaskService;

internal static class Training
{
    private static readonly string Backbone = Path.Combine(AppContext.BaseDirectory, "backbones", "all-MiniLM-L6-v2"), Data = Path.Combine(AppContext.BaseDirectory, "data");

    /// <summary>Trains the tasks whose model files are not in a folder yet, and writes them into it.</summary>
    public static void Run(string folder)
    {
        Directory.CreateDirectory(folder);
        var ml = new MLContext(seed: 1);
        ml.Log += (_, e) =>
        {
            if (e.Source.Contains("PTuning") && e.Kind != ChannelMessageKind.Trace) Console.WriteLine(e.RawMessage);
        };
        var reviews = ml.Data.LoadFromTextFile<Review>(Path.Combine(Data, "reviews.tsv"), hasHeader: true);
        Train("sentiment", reviews, ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2Classify(new TextClassificationOptions(Backbone) { Epochs = 4 })));
        var sentences = ml.Data.LoadFromConll(Path.Combine(Data, "entities.conll"));
        Train("entities", sentences, ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2LabelTokens(new TokenLabelingOptions(Backbone) { Entities = true, Epochs = 15 })));

        void Train(string task, IDataView rows, IEstimator<ITransformer> pipeline)
        {
            string path = Path.Combine(folder, task + ".zip");
            if (File.Exists(path))
            {
                Console.WriteLine($"{path} is there already.");
                return;
            }
            Console.WriteLine($"Training {task} …");
            ITransformer model = pipeline.Fit(rows);
            ml.Model.SaveSafely(model, rows.Schema, path);
            (model as IDisposable)?.Dispose();
            Console.WriteLine($"Saved {path}, {new FileInfo(path).Length / 1024} KB.");
        }
    }

    private sealed class Review
    {
        [LoadColumn(0)] public string Label { get; set; } = "";

        [LoadColumn(1)] public string Text { get; set; } = "";
    }
}
