// What must be the same on all ranks that train together: the rows, the settings, the backbone.
using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Training;

namespace MLNet.PTuning.Pipeline;

internal static class RankIdentity
{
    // What may differ from machine to machine, and what only rank 0 has a use for.
    private static readonly HashSet<string> OfTheMachine =
    [
        nameof(PTuningOptions.BackboneFolder), nameof(PTuningOptions.EmbedBackbone), nameof(PTuningOptions.PredictionBatchSize), nameof(TrainingOptions.CheckpointPath),
        nameof(TrainingOptions.CheckpointEverySteps), nameof(TrainingOptions.CheckpointEvery), nameof(TrainingOptions.ResumeFrom), nameof(TrainingOptions.Threads),
    ];

    /// <summary>Refuses ranks whose rows, settings or backbone differ from those of rank 0.</summary>
    /// <param name="options">The task's options.</param>
    /// <param name="backbone">The backbone.</param>
    /// <param name="rows">The training rows; null for none of its own.</param>
    /// <param name="seed">The seed that the options or the context say; null for none.</param>
    /// <exception cref="ArgumentException">They do; the message says in what.</exception>
    public static void Check(PTuningOptions options, FrozenBackbone backbone, IDataView? rows, int? seed)
    {
        // Reading the rows once more is for several ranks alone.
        if (options.Ranks.Size == 1) return;
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["training rows"] = rows is null ? "none" : DataIdentity.Of(rows, options.InputColumns.OfType<string>()),
            ["validation rows"] = options.ValidationSet is { } set ? DataIdentity.Of(set, options.InputColumns.OfType<string>()) : "none",
            ["backbone"] = "content " + backbone.ContentHash,
            ["tokenizer"] = backbone.Tokenizer.Fingerprint,
            ["library"] = typeof(RankIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            ["task"] = options.GetType().Name,
        };
        foreach (var property in options.GetType().GetProperties().Where(p => IsSimple(p.PropertyType) && !OfTheMachine.Contains(p.Name)))
            identity[property.Name] = Convert.ToString(property.GetValue(options), CultureInfo.InvariantCulture) ?? "";
        foreach (var (name, value) in options.Describe()) identity[name] = value;
        identity[nameof(options.LearningRate)] = FormattableString.Invariant($"{options.Rate:r}");
        identity[nameof(options.Seed)] = seed?.ToString(CultureInfo.InvariantCulture) ?? "none";
        options.Ranks.CheckAlike(identity);
    }

    private static bool IsSimple(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is { } value && (value.IsPrimitive || value.IsEnum || value == typeof(string));
}
