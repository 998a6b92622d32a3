// From probabilities of tags to tags: the most probable each, or the most probable sequence that the scheme allows.
namespace MLNet.PTuning.Tasks;

/// <summary>Decodes rows of tags.</summary>
/// <param name="tags">The labels.</param>
/// <param name="scheme">Their scheme.</param>
/// <param name="constrained">Whether only sequences that the scheme allows come out.</param>
/// <param name="widened">What else is allowed (<see cref="TagConstraint.Widened"/>); null for nothing.</param>
internal sealed class TagDecoder(IReadOnlyList<string> tags, TagScheme scheme, bool constrained, IReadOnlyCollection<string>? widened = null)
{
    private const double Never = double.NegativeInfinity;

    private readonly TagTransitions _transitions = new(tags, scheme, widened ?? []);

    /// <summary>The index of each word's tag.</summary>
    /// <param name="probabilities">[words · tags], row-major.</param>
    public int[] Decode(ReadOnlySpan<float> probabilities)
    {
        int words = probabilities.Length / tags.Count;
        return constrained && words > 0 ? Viterbi(probabilities, words) : Greedy(probabilities, words);
    }

    private int[] Greedy(ReadOnlySpan<float> probabilities, int words)
    {
        var best = new int[words];
        for (int w = 0; w < words; w++) best[w] = TextClassification.IndexOfMax(probabilities.Slice(w * tags.Count, tags.Count));
        return best;
    }

    // Viterbi (1967) over log-probabilities, where a transition is allowed or not.
    private int[] Viterbi(ReadOnlySpan<float> probabilities, int words)
    {
        int n = tags.Count;
        var from = new int[words, n];
        var score = new double[n];
        for (int t = 0; t < n; t++) score[t] = _transitions.MayFollow(null, t) ? CrossEntropy.Log(probabilities[t]) : Never;
        for (int w = 1; w < words; w++)
        {
            var next = new double[n];
            for (int t = 0; t < n; t++)
            {
                next[t] = Never;
                for (int p = 0; p < n; p++)
                    if (_transitions.MayFollow(p, t) && score[p] > next[t]) (next[t], from[w, t]) = (score[p], p);
                next[t] += CrossEntropy.Log(probabilities[w * n + t]);
            }
            score = next;
        }
        int last = -1;
        for (int t = 0; t < n; t++)
            if (_transitions.MayFollow(t, null) && score[t] > Never && (last < 0 || score[t] > score[last])) last = t;
        // A set of tags without "O" may allow no sequence at all; each word's most probable tag is taken then.
        if (last < 0) return Greedy(probabilities, words);
        var best = new int[words];
        for (int w = words - 1; w >= 0; w--)
        {
            best[w] = last;
            last = from[w, last];
        }
        return best;
    }
}
