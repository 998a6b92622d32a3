// What a run is a function of, so that a checkpoint is never continued with other rows or settings.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Training;

/// <summary>Names and values, as text, of all that a run's outcome depends on.</summary>
internal static class RunIdentity
{
    public static SortedDictionary<string, string> Of(TunedModel model, IReadOnlyList<string> classNames, TrainingOptions options, double rate, int seed,
        IReadOnlyList<Example> rows, IReadOnlyList<Example>? validation)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["training rows"] = Describe(rows),
            ["validation rows"] = validation is null ? "none" : Describe(validation),
            ["backbone"] = "content " + model.Backbone.ContentHash,
            ["classes"] = string.Join(", ", classNames),
            [nameof(options.LearningRate)] = FormattableString.Invariant($"{rate:r}"),
            [nameof(options.Seed)] = FormattableString.Invariant($"{seed}"),
        };
        foreach (var (name, value) in options.Describe()) identity[name] = value;
        return identity;
    }

    /// <summary>Says what differs between the run of a checkpoint and this one; null where nothing does.</summary>
    public static string? Difference(IReadOnlyDictionary<string, string> there, IReadOnlyDictionary<string, string> here)
    {
        var different = there.Keys.Union(here.Keys).Where(name => Value(there, name) != Value(here, name))
            .Select(name => $"{name}: {Value(there, name)} there, {Value(here, name)} here").ToList();
        return different.Count == 0 ? null : string.Join("; ", different);

        static string Value(IReadOnlyDictionary<string, string> of, string name) => of.GetValueOrDefault(name, "nothing");
    }

    // What only some rows have comes last, and adds nothing to the others, whose checkpoints may be of an earlier version.
    private static IEnumerable<int[]> Parts(Example row)
    {
        int[][] parts = [row.Ids, row.Types, row.ReadPositions, row.Targets];
        return row.RowStarts.Length == 1 && row.Means is null or { Length: 1 } ? parts : [.. parts, row.RowStarts, [row.Means?.Length ?? 0], .. row.Means ?? []];
    }

    private static string Describe(IReadOnlyList<Example> rows)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var row in rows)
            foreach (int[] part in Parts(row))
            {
                // With its length, so that a number cannot pass from one part to the next unseen.
                hash.AppendData(BitConverter.GetBytes(part.Length));
                hash.AppendData(MemoryMarshal.AsBytes(part.AsSpan()));
            }
        return $"{rows.Count} of content {Convert.ToHexStringLower(hash.GetHashAndReset())[..16]}";
    }
}
