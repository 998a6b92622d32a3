// What `accuracy` measures: suites of tasks, each with its methods, their rates and the reference's scores.
namespace MLNet.PTuning.Benchmarks.Accuracy;

/// <summary>Where data sets and the backbone are.</summary>
internal sealed record Folders(string Data, string Backbone);

/// <summary>One training run to be done.</summary>
internal sealed record Recipe(TuningMethod Method, double LearningRate, int Rows, int Epochs, int Seed, Precision Precision, Verbalizer? Verbalizer = null)
{
    /// <summary>Sets everything that training depends on, so that changed defaults leave the figures as they are.</summary>
    public TOptions Apply<TOptions>(TOptions options) where TOptions : PTuningOptions
    {
        options.Method = Method;
        options.Verbalizer = Verbalizer;
        options.LearningRate = LearningRate;
        options.Epochs = Epochs;
        options.BatchSize = 32;
        options.Schedule = LearningRateSchedule.Linear;
        options.WarmupRatio = 0;
        options.WeightDecay = 0.01;
        options.ClipNorm = 1;
        options.Precision = Precision;
        return options;
    }
}

/// <summary>One training run that was done.</summary>
internal sealed record AccuracyRun(int Seed, double Score, long TrainedParameters, double TrainingSeconds, double FinalTrainingLoss);

/// <summary>A method with its rate and, for the task's own rows and epochs, the score of the same computation in PyTorch, mean of seeds 1, 2, 3.</summary>
internal sealed record MethodCase(string Name, TuningMethod Method, double LearningRate, double? Reference, Verbalizer? Verbalizer = null);

/// <summary>A data set with its recipe.</summary>
/// <param name="Name">As in tables.</param>
/// <param name="Metric">What <see cref="AccuracyRun.Score"/> is.</param>
/// <param name="Rows">Training rows, the first of the file.</param>
/// <param name="Epochs">Passes over them.</param>
/// <param name="Train">Trains once and scores the last epoch on the development file.</param>
/// <param name="Methods">What is compared.</param>
internal sealed record AccuracyTask(string Name, string Metric, int Rows, int Epochs, Func<Folders, Recipe, AccuracyRun> Train, IReadOnlyList<MethodCase> Methods);

/// <summary>All runs of one method on one task.</summary>
internal sealed record AccuracyResult(string Task, string Metric, string Method, double LearningRate, int Rows, int Epochs, IReadOnlyList<AccuracyRun> Runs, double? Reference)
{
    public double Mean => Runs.Average(run => run.Score);

    public long TrainedParameters => Runs[0].TrainedParameters;

    public double TrainingLoss => Runs.Average(run => run.FinalTrainingLoss);

    public double Seconds => Runs.Average(run => run.TrainingSeconds);
}

internal sealed record AccuracySuite(IReadOnlyList<AccuracyTask> Tasks)
{
    public static IReadOnlyDictionary<string, AccuracySuite> All { get; } = new Dictionary<string, AccuracySuite>
    {
        ["sst2"] = new([new AccuracyTask("SST-2", "accuracy", Rows: 2000, Epochs: 6, SentenceTask.Sst2, [
            new("head only", new HeadOnly(), 1e-2, Reference: .711),
            new("P-Tuning v2, 20 vectors", new DeepPrompt { Length = 20 }, 1e-2, Reference: .701),
            new("full fine-tuning", new FullFineTuning(), 3e-4, Reference: .752)])]),
        ["ner"] = new([
            new AccuracyTask("CoNLL-2003", "entity F1", Rows: 2000, Epochs: 4, LabelingTask.Conll2003, Labeling(.424, .445, .447, .617)),
            new AccuracyTask("WNUT-17", "entity F1", Rows: 2000, Epochs: 4, LabelingTask.Wnut17, Labeling(null, null, null, null))]),
        ["methods"] = MethodsSuite.Create(),
        ["multitask"] = MultiTaskSuite.Create(),
    };

    private static MethodCase[] Labeling(double? headOnly, double? deepPrompt, double? softPrompt, double? everything) =>
    [
        new("head only", new HeadOnly(), 1e-2, headOnly),
        new("P-Tuning v2, 20 vectors", new DeepPrompt { Length = 20 }, 1e-2, deepPrompt),
        new("soft prompt at the input, 20 vectors", new SoftPrompt { Length = 20, Start = PromptStart.Random }, 1e-2, softPrompt),
        new("full fine-tuning", new FullFineTuning(), 1e-3, everything),
    ];
}
