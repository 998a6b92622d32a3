// Made-up questions whose answers a tiny backbone can find, and the pipeline that most tests of question answering train on them.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

/// <summary>A question in the forms that answers can be given in.</summary>
public sealed class QuestionRow
{
    public string? Context { get; set; } = "";
    public string? Question { get; set; } = "";
    public string TrainingAnswer { get; set; } = "";
    public int AnswerIndex { get; set; }
    public string[] Answers { get; set; } = [];
    public int[] Indices { get; set; } = [];
    public float Index { get; set; }
    public float[] Numbers { get; set; } = [];
}

/// <summary>The output columns, as an app reads them.</summary>
public sealed class AnsweredQuestion
{
    public string? Context { get; set; } = "";
    public string[] PredictedAnswer { get; set; } = [];
    public float[] Score { get; set; } = [];
    public int[] AnswerStart { get; set; } = [];
    public int[] AnswerEnd { get; set; } = [];
    public float NoAnswerProbability { get; set; }
}

internal static class Questions
{
    private static readonly string[] Telling = ["good", "great", "fine"], Filler = ["the", "a", "film", "book", "meal", "day", "was", "is", "so", "it", "we", "saw"];

    /// <summary>Questions whose answer is the one good word of their context; every third context has none where <paramref name="unanswerable"/>.</summary>
    public static List<QuestionRow> Rows(int count, bool unanswerable = false, int seed = 1, int words = 9)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var context = random.GetItems(Filler, 3 + random.Next(words)).ToList();
            if (unanswerable && i % 3 == 2) return Of(string.Join(' ', context), "is it so", "", 0);
            int at = random.Next(context.Count + 1);
            string answer = random.GetItems(Telling, 1)[0];
            context.Insert(at, answer);
            return Of(string.Join(' ', context), "is it so", answer, context.Take(at).Sum(word => word.Length + 1));
        })];
    }

    public static QuestionRow Of(string context, string question, string answer, int index) => new()
    {
        Context = context,
        Question = question,
        TrainingAnswer = answer,
        AnswerIndex = index,
        Answers = answer.Length == 0 ? [] : [answer],
        Indices = answer.Length == 0 ? [] : [index],
        Index = index,
        Numbers = answer.Length == 0 ? [] : [index],
    };

    /// <summary>Settings under which a second's training learns <see cref="Rows"/>.</summary>
    public static QuestionAnsweringOptions Options(TinyBackbone backbone) => new(backbone.Path)
    {
        // Random layers carry a word too poorly for a prompt to find it in a second.
        Method = new FullFineTuning(),
        Epochs = 12,
        LearningRate = 0.01,
        BatchSize = 8,
        PredictionBatchSize = 3,
    };

    /// <summary>Settings under which training is over at once, and learns next to nothing.</summary>
    public static QuestionAnsweringOptions BriefOptions(TinyBackbone backbone) => new(backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1, BatchSize = 8, PredictionBatchSize = 3 };

    public static PTuningQuestionAnsweringTransformer Train(QuestionAnsweringOptions options, IEnumerable<QuestionRow> rows, int seed = 1)
    {
        var ml = new MLContext(seed);
        return ml.Transforms.PTuningV2AnswerQuestions(options).Fit(ml.Data.LoadFromEnumerable(rows));
    }

    /// <summary>Predictions for rows, through a data view.</summary>
    public static List<AnsweredQuestion> Predict(ITransformer model, IEnumerable<QuestionRow> rows)
    {
        var ml = new MLContext();
        return [.. ml.Data.CreateEnumerable<AnsweredQuestion>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];
    }

    /// <summary>Metrics of a model's answers.</summary>
    public static AnswerMetrics Evaluate(ITransformer model, IEnumerable<QuestionRow> rows)
    {
        var ml = new MLContext();
        return ml.MulticlassClassification.EvaluateAnswers(model.Transform(ml.Data.LoadFromEnumerable(rows)));
    }
}
