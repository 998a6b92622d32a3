// Texts of the tasks that a server has, and the answers that the tasks' own transformers give.
using System.Globalization;
using Microsoft.ML;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Serving;

/// <summary>A text of a task.</summary>
internal sealed record ServedText(string Task, string Text, string? Pair = null);

internal static class ServedTexts
{
    /// <summary>Those of <see cref="TrainedTasks"/> that a server can have: one of texts, one of pairs, one of words.</summary>
    public static readonly string[] Tasks = ["SST-2", "MRPC", "NER"];

    /// <summary>A server with these tasks.</summary>
    public static PromptServer Server(TrainedTasks tasks, PromptServerOptions? options = null)
    {
        var server = new PromptServer(options);
        foreach (string task in Tasks) server.Add(task, tasks.Models[task]);
        return server;
    }

    /// <summary>A server in which requests wait for others until it stops.</summary>
    public static PromptServer WaitingServer(TrainedTasks tasks, int capacity = 1000) =>
        Server(tasks, new() { MaxBatchSize = 1000, MaxDelay = TimeSpan.FromHours(1), QueueCapacity = capacity });

    /// <summary>Texts of all these tasks, mixed.</summary>
    public static List<ServedText> Mixed(int seed) => [.. TrainedTasks.Mixed(seed).Where(row => Tasks.Contains(row.Task)).Select(row =>
        row.Task == "NER" ? new ServedText("NER", string.Join(' ', row.Words) + ".") : new ServedText(row.Task!, row.Text!, row.Task == "MRPC" ? row.Other : null))];

    /// <summary>The answers that a task's own transformer gives to its texts, each as text, to the last bit.</summary>
    public static List<string> OwnAnswers(PTuningTransformer model, string task, IEnumerable<ServedText> texts)
    {
        var ml = new MLContext();
        var rows = ml.Data.LoadFromEnumerable(texts.Select(text => new PlainRow { Words = text.Text, Text = text.Text, Other = text.Pair ?? "" }));
        string[] columns = task switch
        {
            "NER" => ["PredictedLabel", "EntityType", "EntityText", "EntityStart", "EntityEnd", "EntityProbability", "WordStart", "WordEnd"],
            "MRPC" => ["PredictedLabel", "Probability"],
            _ => ["PredictedLabel", "Score"],
        };
        return [.. Values.Rows(model.Transform(rows), columns).Select(values => string.Join(" | ", values))];
    }

    /// <summary>A server's answer in the same form.</summary>
    public static string TextOf(TaskPrediction answer, PTuningTransformer model, string task)
    {
        string[] values = task switch
        {
            "NER" =>
            [
                Vector(answer.Words, w => Key(w.Label)), Vector(answer.Entities, e => e.Type), Vector(answer.Entities, e => e.Text), Vector(answer.Entities, e => e.Start),
                Vector(answer.Entities, e => e.End), Vector(answer.Entities, e => e.Probability), Vector(answer.Words, w => w.Start), Vector(answer.Words, w => w.End),
            ],
            "MRPC" => [Text(Key(answer.Label)), Text(answer.Scores[1].Probability)],
            _ => [Text(Key(answer.Label)), Vector(answer.Scores, s => s.Probability)],
        };
        return string.Join(" | ", values);

        int Key(string label) => 1 + model.ClassNames.ToList().IndexOf(label);

        static string Vector<T>(IReadOnlyList<T> items, Func<T, object> value) => $"{items.Count}: {string.Join(", ", items.Select(item => Text(value(item))))}";

        static string Text(object value) => value is float number ? number.ToString("R", CultureInfo.InvariantCulture) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }

    private sealed class PlainRow
    {
        public string Words { get; set; } = "";
        public string Text { get; set; } = "";
        public string Other { get; set; } = "";
    }
}
