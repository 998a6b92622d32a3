// Rows of several tasks, and a model of each on one backbone, that test classes train once and then only read.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

/// <summary>A row of any of the tasks.</summary>
public sealed class TaskText
{
    public string? Task { get; set; } = "";
    public string? Text { get; set; } = "";
    public string? Other { get; set; } = "";
    public string? Label { get; set; } = "";
    public string[] Words { get; set; } = [];
    public string[] WordLabels { get; set; } = [];
    public int Start { get; set; } = -1;
    public int End { get; set; } = -1;
}

/// <summary>Classification of texts, of pairs in binary form, of spans, and labeling of words with their entities.</summary>
public sealed class TrainedTasks : IDisposable
{
    private readonly TinyBackbone _backbone = new();

    public TrainedTasks()
    {
        Rows = Mixed(seed: 1);
        Data = Context.Data.LoadFromEnumerable(Rows);
        Models = new()
        {
            ["SST-2"] = Classifier("SST-2", new(BackboneFolder) { Method = new DeepPrompt { Length = 4 } }),
            ["MRPC"] = Classifier("MRPC", new(BackboneFolder) { Method = new DeepPrompt { Length = 9 }, TextPairColumnName = "Other", ProbabilityColumnName = "Probability" }).LastTransformer,
            ["WiC"] = Classifier("WiC", new(BackboneFolder) { Method = new SoftPrompt { Length = 3 }, Spans = [new SpanColumns("Start", "End")] }),
            ["NER"] = Labeler(new(BackboneFolder) { Method = new DeepPrompt { Length = 6 }, Entities = true, WordOffsets = true }),
        };
        Model = Context.Transforms.PTuningV2ByTask("Task", Models).Fit(Data);
    }

    public MLContext Context { get; } = new(seed: 1);

    public string BackboneFolder => _backbone.Path;

    /// <summary>Rows of all tasks in any order.</summary>
    public List<TaskText> Rows { get; }

    public IDataView Data { get; }

    /// <summary>Chains, and a transformer alone.</summary>
    public Dictionary<string, ITransformer> Models { get; }

    public PTuningByTaskTransformer Model { get; }

    /// <summary>A task's own transformer without what comes before it.</summary>
    public PTuningTransformer Own(string task) => Models[task] as PTuningTransformer ?? ((IEnumerable<ITransformer>)Models[task]).OfType<PTuningTransformer>().Single();

    /// <summary>Rows of all tasks, none of which has what another task reads.</summary>
    public static List<TaskText> Mixed(int seed)
    {
        TaskText[] rows =
        [
            .. Reviews.Rows(16, seed: seed).Select(r => new TaskText { Task = "SST-2", Text = r.Text, Label = r.Label }),
            .. Reviews.Rows(14, seed: seed + 1).Select(r => new TaskText { Task = "MRPC", Text = r.Text, Other = r.Other, Label = r.Label }),
            .. Reviews.Rows(15, classes: 3, seed: seed + 2).Select(r => new TaskText { Task = "WiC", Text = r.Text, Label = r.Label, Start = 0, End = 1 }),
            .. Sentences.Rows(13, seed).Select(s => new TaskText { Task = "NER", Words = s.Words, WordLabels = s.Label }),
        ];
        new Random(seed).Shuffle(rows);
        return [.. rows];
    }

    public TransformerChain<PTuningClassificationTransformer> Classifier(string task, TextClassificationOptions options)
    {
        Brief(options);
        return Context.Transforms.Conversion.MapValueToKey("Label").Append(Context.Transforms.PTuningV2Classify(options)).Fit(Context.Data.LoadFromEnumerable(Rows.Where(r => r.Task == task)));
    }

    public TransformerChain<PTuningTokenLabelingTransformer> Labeler(TokenLabelingOptions options)
    {
        Brief(options);
        options.LabelColumnName = "WordLabels";
        return Context.Transforms.Conversion.MapValueToKey("WordLabels").Append(Context.Transforms.PTuningV2LabelTokens(options)).Fit(Context.Data.LoadFromEnumerable(Rows.Where(r => r.Task == "NER")));
    }

    public void Dispose()
    {
        Model.Dispose();
        foreach (var model in Models.Values) ((IDisposable)model).Dispose();
        _backbone.Dispose();
    }

    // Different rows get different scores, which is all that is asked of them.
    private static void Brief(PTuningOptions options) => (options.Epochs, options.LearningRate, options.BatchSize, options.PredictionBatchSize) = (2, 0.05, 8, 7);
}
