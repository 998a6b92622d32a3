// Trains three tasks from the other examples' data, for a first look: the judgement of a review, the entities of a sentence, and whether a question is about a text.
using Microsoft.ML;
using Microsoft.ML.Data;
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
        var reviews = ml.Data.LoadFromTextFile<Review>(Path.Combine(Data, "reviews.tsv"), hasHeader: true);
        Train("sentiment", reviews, Classes(new TextClassificationOptions(Backbone) { Epochs = 4 }));
        var sentences = ml.Data.LoadFromConll(Path.Combine(Data, "entities.conll"));
        Train("entities", sentences, ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2LabelTokens(new TokenLabelingOptions(Backbone) { Entities = true, Epochs = 15 })));
        var questions = ml.Data.LoadFromEnumerable(QuestionsAndTexts(ml));
        Train("question-fits", questions, Classes(new TextClassificationOptions(Backbone) { TextPairColumnName = nameof(Pair.Second), Epochs = 6 }));

        IEstimator<ITransformer> Classes(TextClassificationOptions options) => ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2Classify(options));

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

    // Each question after the text that it was asked about, and after another one.
    private static List<Pair> QuestionsAndTexts(MLContext ml)
    {
        var asked = ml.Data.CreateEnumerable<Asked>(ml.Data.LoadFromSquad(Path.Combine(Data, "questions.json")), reuseRowObject: false).ToList();
        var texts = asked.Select(a => a.Context).Distinct().ToList();
        return [.. asked.SelectMany((a, i) =>
        {
            string other = texts[(texts.IndexOf(a.Context) + 1 + i % (texts.Count - 1)) % texts.Count];
            return new Pair[] { new() { Label = "same subject", Text = a.Context, Second = a.Question }, new() { Label = "another subject", Text = other, Second = a.Question } };
        })];
    }

    private sealed class Review
    {
        [LoadColumn(0)] public string Label { get; set; } = "";

        [LoadColumn(1)] public string Text { get; set; } = "";
    }

    private sealed class Pair
    {
        public string Label { get; set; } = "";

        public string Text { get; set; } = "";

        public string Second { get; set; } = "";
    }

    private sealed class Asked
    {
        public string Question { get; set; } = "";

        public string Context { get; set; } = "";
    }
}
