// Checks a scheme's constraint against the training rows, so that constrained decoding never forbids what was learned.
namespace MLNet.PTuning.Tasks;

/// <summary>What constrained decoding allows.</summary>
/// <param name="Scheme">The scheme; corrected where it was guessed and the rows are all of another.</param>
/// <param name="Widened">Kinds of transition that are allowed in addition to the scheme's (<see cref="TagTransitions.Kind"/>).</param>
/// <param name="Warnings">What was corrected or widened, and why.</param>
internal sealed record TagConstraint(TagScheme Scheme, string[] Widened, IReadOnlyList<string> Warnings)
{
    private const int OrdersNamed = 3;

    /// <summary>What a scheme allows.</summary>
    public static TagConstraint Of(TagScheme scheme) => new(scheme, [], []);

    /// <summary>Checks a scheme against labeled rows: what contradicts it widens it where it was guessed, and is an error otherwise.</summary>
    /// <param name="tags">The labels.</param>
    /// <param name="guess">Their scheme.</param>
    /// <param name="rows">The label of each word, or <see cref="Example.NoTarget"/>.</param>
    /// <exception cref="ArgumentException">Rows contradict a scheme that was not guessed, or it has no sequence for one of the labels.</exception>
    public static TagConstraint Of(IReadOnlyList<string> tags, TagGuess guess, IReadOnlyList<int[]> rows)
    {
        var (scheme, isGuess, _) = guess;
        var warnings = new List<string>();
        var contradictions = Contradictions(tags, scheme, rows);
        if (isGuess && contradictions.Count > 0 && scheme == TagScheme.Iob2 && Contradictions(tags, TagScheme.Iob1, rows).Count == 0)
        {
            scheme = TagScheme.Iob1;
            warnings.Add($"The training labels are of the scheme Iob1, not Iob2: {Described(contradictions)}. They are read and constrained as Iob1; set Scheme to say otherwise.");
            contradictions = [];
        }
        if (contradictions.Count > 0)
        {
            if (!isGuess)
                throw new ArgumentException($"Constrained needs training labels of the scheme {scheme}, but they have {Described(contradictions)}. "
                    + "Correct the rows, set another Scheme, or leave it null: what the rows show is then allowed as well.");
            warnings.Add($"The scheme {scheme} was guessed from the labels and does not allow what some training rows have: {Described(contradictions)}. "
                + "Constrained decoding allows it as well, for all types. Correct the rows, or set Scheme, which makes it an error.");
        }
        var widened = contradictions.Select(c => TagTransitions.Kind(c.Previous, c.Tag, scheme)).ToHashSet();
        while (Impossible(tags, new TagTransitions(tags, scheme, widened)) is { } tag)
        {
            string what = $"no sequence of the labels that the scheme {scheme} allows has '{tags[tag.Index]}' in it";
            if (!isGuess) throw new ArgumentException($"Constrained would never predict a label: {what}. Set another Scheme, leave it null, or leave Constrained false.");
            warnings.Add($"The scheme was guessed from the labels, and {what}; constrained decoding lets it {(tag.NeedsStart ? "begin" : "end")} an entity. Set Scheme to say otherwise.");
            if (!tag.NeedsStart) widened.Add(TagTransitions.Kind(tags[tag.Index], null, scheme));
            else widened.UnionWith(TagTransitions.KindsOfBeginning(tags[tag.Index], scheme));
        }
        return new TagConstraint(scheme, [.. widened.Order(StringComparer.Ordinal)], warnings);
    }

    private sealed record Contradiction(string? Previous, string? Tag, int Row, int Count);

    // The most frequent first.
    private static List<Contradiction> Contradictions(IReadOnlyList<string> tags, TagScheme scheme, IReadOnlyList<int[]> rows)
    {
        var allowed = new TagTransitions(tags, scheme, []);
        var found = new Dictionary<(int? Previous, int? Tag), (int Row, int Count)>();
        for (int r = 0; r < rows.Count; r++)
            for (int w = 0; w <= rows[r].Length && rows[r].Length > 0; w++)
            {
                int? previous = w == 0 ? null : rows[r][w - 1], tag = w == rows[r].Length ? null : rows[r][w];
                // Next to a word without a label, nothing is known.
                if (previous == Example.NoTarget || tag == Example.NoTarget || allowed.MayFollow(previous, tag)) continue;
                var seen = found.GetValueOrDefault((previous, tag), (r + 1, 0));
                found[(previous, tag)] = (seen.Item1, seen.Item2 + 1);
            }
        return [.. found.Select(f => new Contradiction(Name(f.Key.Previous), Name(f.Key.Tag), f.Value.Row, f.Value.Count)).OrderByDescending(c => c.Count)];

        string? Name(int? index) => index is { } i ? tags[i] : null;
    }

    private static string Described(List<Contradiction> contradictions) => string.Join(", ", contradictions.Take(OrdersNamed).Select(c =>
            $"'{c.Tag ?? c.Previous}' {(c.Tag is null ? "at a row's end" : c.Previous is null ? "at a row's beginning" : $"after '{c.Previous}'")} "
            + $"({c.Count} {(c.Count == 1 ? "time" : "times")}, first in row {c.Row})"))
        + (contradictions.Count > OrdersNamed ? $" and {contradictions.Count - OrdersNamed} more" : "");

    // The first label that no allowed sequence leads to, or from which none leads to an end.
    private static (int Index, bool NeedsStart)? Impossible(IReadOnlyList<string> tags, TagTransitions transitions)
    {
        foreach (bool forward in new[] { true, false })
        {
            var reached = new HashSet<int>();
            var next = new Queue<int?>([null]);
            while (next.TryDequeue(out int? from))
                for (int t = 0; t < tags.Count; t++)
                    if ((forward ? transitions.MayFollow(from, t) : transitions.MayFollow(t, from)) && reached.Add(t)) next.Enqueue(t);
            for (int t = 0; t < tags.Count; t++)
                if (!reached.Contains(t)) return (t, forward);
        }
        return null;
    }
}
