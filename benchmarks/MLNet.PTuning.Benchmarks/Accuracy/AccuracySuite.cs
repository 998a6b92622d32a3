// What `accuracy` measures: suites of tasks, each with its methods, the rates to choose from and the reference's scores.
namespace MLNet.PTuning.Benchmarks.Accuracy;

/// <summary>Where data sets and the backbone are.</summary>
internal sealed record Folders(string Data, string Backbone);

/// <summary>One training run to be done.</summary>
/// <param name="Method">What is trained; null for the task's default, P-Tuning v2.</param>
/// <param name="LearningRate">Highest rate; null for the library's default.</param>
/// <param name="Rows">Training rows, the first of the file; null for all.</param>
/// <param name="Epochs">Passes over them; null for the library's default.</param>
/// <param name="Seed">Of everything random.</param>
/// <param name="Precision">Of the frozen backbone.</param>
/// <param name="Verbalizer">Words in place of a head.</param>
/// <param name="HoldsOut">Whether to train on the first four fifths of the rows and to score the last fifth, instead of the development file.</param>
/// <param name="Set">Sets further options; null for none.</param>
internal sealed record Recipe(TuningMethod? Method, double? LearningRate, int? Rows, int? Epochs, int Seed, Precision Precision, Verbalizer? Verbalizer, bool HoldsOut, Action<PTuningOptions>? Set)
{
    /// <summary>Sets what a run is to have; all else is the library's default.</summary>
    public TOptions Apply<TOptions>(TOptions options) where TOptions : PTuningOptions
    {
        (options.Verbalizer, options.LearningRate) = (Verbalizer, LearningRate);
        if (Method is not null) options.Method = Method;
        // Methods that train inside the layers are computed in floats in every other precision, and refused in this one.
        options.Precision = Precision == Precision.Int8 && !options.Method.KeepsLayers ? Precision.Float32 : Precision;
        if (Epochs is { } epochs) options.Epochs = epochs;
        Set?.Invoke(options);
        return options;
    }

    /// <summary>The rows to train on and, where some are held out, those to score.</summary>
    public (List<T> Training, List<T>? HeldOut) Split<T>(IEnumerable<T> rows)
    {
        List<T> all = [.. Rows is { } count ? rows.Take(count) : rows];
        if (!HoldsOut) return (all, null);
        int training = all.Count * 4 / 5;
        return (all[..training], all[training..]);
    }
}

/// <summary>One training run that was done.</summary>
internal sealed record AccuracyRun(int Seed, double Score, int Rows, int Epochs, long TrainedParameters, double TrainingSeconds, double FinalTrainingLoss)
{
    /// <summary>Of answers to questions; null for other tasks.</summary>
    public double? ExactMatch { get; init; }
}

/// <summary>A method (null for the library's default) with the rates to choose from on held-out training rows: none for the library's default, one for that one.</summary>
internal sealed record MethodCase(string Name, TuningMethod? Method, IReadOnlyList<double> Rates, int? Epochs = null, double? Reference = null, Verbalizer? Verbalizer = null, Action<PTuningOptions>? Set = null);

/// <summary>A data set with its recipe.</summary>
/// <param name="Name">As in tables.</param>
/// <param name="Metric">What <see cref="AccuracyRun.Score"/> is.</param>
/// <param name="Rows">Training rows, the first of the file; null for all.</param>
/// <param name="Train">Trains once and scores the epoch that is kept.</param>
/// <param name="Methods">What is compared.</param>
internal sealed record AccuracyTask(string Name, string Metric, int? Rows, Func<Folders, Recipe, AccuracyRun> Train, IReadOnlyList<MethodCase> Methods);

/// <summary>A rate that was tried on held-out training rows.</summary>
internal sealed record RateTrial(double LearningRate, double Score);

/// <summary>All runs of one method on one task.</summary>
internal sealed record AccuracyResult(string Task, string Metric, string Method, double? LearningRate, IReadOnlyList<RateTrial> Trials, IReadOnlyList<AccuracyRun> Runs, double? Reference)
{
    public double Mean => Runs.Average(run => run.Score);

    /// <summary>Standard deviation of the scores over the seeds.</summary>
    public double Spread => Runs.Count < 2 ? 0 : Math.Sqrt(Runs.Sum(run => Math.Pow(run.Score - Mean, 2)) / (Runs.Count - 1));

    public long TrainedParameters => Runs[0].TrainedParameters;

    public double TrainingLoss => Runs.Average(run => run.FinalTrainingLoss);

    public double Seconds => Runs.Average(run => run.TrainingSeconds);
}

/// <summary>What is measured together.</summary>
/// <param name="Tasks">In the order of the table.</param>
/// <param name="Backbone">Folder of the backbone where no other is named.</param>
/// <param name="Plot">Draws the results as SVG; null where a table says all.</param>
internal sealed record AccuracySuite(IReadOnlyList<AccuracyTask> Tasks, string Backbone, Func<IReadOnlyList<AccuracyResult>, string>? Plot = null)
{
    public static readonly string MiniLm = Path.Combine(AppContext.BaseDirectory, "backbones", "all-MiniLM-L6-v2");

    public static IReadOnlyDictionary<string, AccuracySuite> All { get; } = new Dictionary<string, AccuracySuite>
    {
        ["main"] = MainSuite.Create(),
        ["answers"] = AnswersSuite.Create(),
        ["few"] = FewRowsSuite.Create(),
        ["length"] = LengthSuite.Create(),
        ["methods"] = MethodsSuite.Create(),
        ["multitask"] = MultiTaskSuite.Create(),
        ["reference"] = ReferenceSuite.Create(),
        ["superglue"] = SuperGlueSuite.Create(),
    };
}
