// The part of Fit that all tasks share: loading the backbone, making rows, creating and training the model; all is released where a step fails.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning.Pipeline;

/// <summary>A task's encoded rows.</summary>
internal sealed record TrainingRows(IReadOnlyList<Example> Rows, IReadOnlyList<Example>? Validation, int Skipped);

/// <summary>An estimator's task, checked against its data's schema.</summary>
/// <param name="Options">Its options.</param>
/// <param name="ClassNames">Names of the classes.</param>
/// <param name="Pools">Whether the head reads rows through a pooler.</param>
/// <param name="Score">How a validation set is scored.</param>
/// <param name="MakeRows">Reads and encodes the rows; the number is the seed for holding rows out.</param>
/// <param name="ToTransformer">Makes the transformer from a trained model and from settings to which the task adds its own.</param>
internal sealed record PreparedTask(PTuningOptions Options, IReadOnlyList<string> ClassNames, bool Pools, ScoreFunction Score,
    Func<FrozenBackbone, RowLimit, int, TrainingChannel, TrainingRows> MakeRows, Func<TunedModel, ModelSettings, ITransformer> ToTransformer)
{
    /// <summary>Vectors that the head reads for each line of scores: the first token's, or the mean, and one a span.</summary>
    public int Vectors { get; init; } = 1;

    /// <summary>Whether the head is a decoder's own, which scores the next token.</summary>
    public bool Writes { get; init; }
}

/// <summary>An estimator of any task, as multi-task training needs it.</summary>
internal interface ITaskEstimator
{
    /// <summary>Checks the columns and prepares the task for training.</summary>
    PreparedTask Prepare(IDataView input);
}

/// <summary>Trains a model for an estimator.</summary>
internal static class PromptFit
{
    /// <summary>Loads the backbone, has the task make its rows, and trains.</summary>
    public static ITransformer Run(IHost host, PreparedTask task)
    {
        var options = task.Options;
        var words = options.Verbalizer?.WordsOf(task.ClassNames);
        int seed = options.Seed ?? MLNetInternals.SeedOf(host) ?? (options.ResumeFrom is { } checkpoint ? Checkpoint.SeedOf(checkpoint) : Random.Shared.Next());
        using var channel = new TrainingChannel(host, options);
        var lease = FrozenBackbone.Use(options.BackboneFolder, MLNetInternals.DeviceOf(host), options.Precision);
        TunedModel? model = null;
        try
        {
            var backbone = lease.Backbone;
            foreach (string notice in backbone.Notices) channel.Warn(notice);
            var limit = new RowLimit(backbone, options);
            var (rows, validation, skipped) = task.MakeRows(backbone, limit, seed, channel);
            var method = options.Method.For(task.ClassNames, () => Example.FrequentPieces(rows));
            // With a head of the backbone's there is none whose rows could be reordered.
            var start = task.Writes ? options.StartFrom?.PromptFor(backbone) : words is null ? options.StartFrom?.StartFor(backbone, task.ClassNames, channel, options.ReasonAgainstHeadOfStart) : options.StartFrom?.TensorsFor(backbone);
            model = TunedModel.Create(lease, method, task.ClassNames.Count, task.Pools, options.HeadDropout, seed, start, words, vectors: task.Vectors, writes: task.Writes);
            model.Computation = options.Computation;
            double rate = options.Rate;
            channel.Say(FormattableString.Invariant($"Training {options.Method.GetType().Name} on {rows.Count} rows{(task.Writes ? "" : $" of {task.ClassNames.Count} classes")}: {model.TrainedParameters} of {model.TotalParameters} parameters, rate {rate}, seed {seed}, device {backbone.Device}{(options.ResumeFrom is { } from ? ", continuing from " + from : "")}"));
            channel.Epochs = options.EpochsFor(rows.Count);
            var report = new Trainer(model, options, rate, seed, task.ClassNames, task.Score, channel).Run(rows, validation, skipped);
            if (report.Calibration is { } calibration) channel.Say($"Calibrated: {calibration}");
            return task.ToTransformer(model, Settings(options, backbone, limit, report));
        }
        catch
        {
            if (model is null) lease.Dispose();
            else model.Dispose();
            throw;
        }
    }

    /// <summary>A model of <see cref="PTuningOptions.StartFrom"/> as it is, with its head. The task adds its own settings.</summary>
    /// <exception cref="InvalidDataException">It was trained on another kind of backbone.</exception>
    public static (TunedModel Model, ModelSettings Settings) WithoutTraining(IHost host, PTuningOptions options, IReadOnlyList<string> classNames, bool pools, bool writes = false)
    {
        if (options.Verbalizer is not null) throw new ArgumentException("A model that is not trained has the head of StartFrom; leave Verbalizer null.");
        var lease = FrozenBackbone.Use(options.BackboneFolder, MLNetInternals.DeviceOf(host), options.Precision);
        try
        {
            using var channel = new TrainingChannel(host, options);
            foreach (string notice in lease.Backbone.Notices) channel.Warn(notice);
            var settings = Settings(options, lease.Backbone, new RowLimit(lease.Backbone, options));
            var start = !writes ? options.StartFrom!.StartFor(lease.Backbone, classNames, channel, options.ReasonAgainstHeadOfStart)
                : options.StartFrom?.PromptFor(lease.Backbone) ?? SavedTensors.Of("the backbone alone", new Dictionary<string, TensorData>());
            var model = TunedModel.Load(lease, options.Method, classNames.Count, pools, start, writes: writes);
            model.Computation = options.Computation;
            return (model, settings);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Settings of a model, to which the task adds its own.</summary>
    public static ModelSettings Settings(PTuningOptions options, FrozenBackbone backbone, RowLimit limit, TrainingReport? report = null) => new()
    {
        Method = options.Method,
        Verbalizer = options.Verbalizer,
        WordTemperature = options.Verbalizer is null ? null : report?.Calibration?.Temperature,
        InputColumns = [],
        PredictedLabelColumn = options.PredictedLabelColumnName,
        ScoreColumn = options.ScoreColumnName,
        MaxLength = limit.Length,
        BatchSize = options.PredictionBatchSize,
        BackboneFolder = BackboneSearch.Recorded(options.BackboneFolder),
        BackboneHash = backbone.ContentHash,
        TokenizerHash = backbone.Tokenizer.Fingerprint,
        EmbedBackbone = options.EmbedBackbone,
        Precision = options.Precision,
        Report = report,
    };

    /// <exception cref="ArgumentException">There is nothing to learn from.</exception>
    public static void CheckClasses(IReadOnlyList<Example> rows, int skipped, IReadOnlyList<string> classes, string labelColumn)
    {
        if (rows.Count == 0)
            throw new ArgumentException(skipped > 0 ? $"None of the {skipped} training rows has a label in '{labelColumn}'." : "The training set has no rows.");
        var seen = rows.SelectMany(r => r.Targets).Where(t => t >= 0).Distinct().Take(2).ToList();
        if (seen.Count < 2)
            throw new ArgumentException($"All {rows.Count} training rows have the label '{classes[seen[0]]}'; training needs at least two classes.");
    }

    /// <exception cref="ArgumentException">There are weights, but not one per class.</exception>
    public static void CheckClassWeights(IReadOnlyList<double>? weights, IReadOnlyList<string> classes)
    {
        if (weights is not null && weights.Count != classes.Count)
            throw new ArgumentException($"ClassWeights has {weights.Count} values for {classes.Count} classes ({string.Join(", ", classes)}); give one per class in this order.");
    }
}
