// The task of one class a text (or pair of texts).
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tasks;

/// <summary>How texts become examples of classification, and how well predictions fit them.</summary>
internal static class TextClassification
{
    /// <summary>An encoded text or pair, read at its first token, [CLS], at another position, or as the mean of its tokens.</summary>
    /// <param name="encoded">Word pieces with specials.</param>
    /// <param name="target">Class from 0, or <see cref="Tasks.Example.NoTarget"/>.</param>
    /// <param name="readPosition">The position that is read.</param>
    /// <param name="pooling">Whether all tokens are read in its place.</param>
    /// <param name="spans">Positions of spans, each of which gives the head its mean as a further vector; null for none.</param>
    public static Example Example(Encoded encoded, int target, int readPosition = 0, Pooling pooling = Pooling.FirstToken, int[][]? spans = null)
    {
        // Prompt vectors have negative ids.
        int[] positions = pooling == Pooling.Mean ? [.. Enumerable.Range(0, encoded.Ids.Length).Where(i => encoded.Ids[i] >= 0)]
            : readPosition == 0 ? Tasks.Example.FirstToken : [readPosition];
        if (spans is not { Length: > 0 })
            return new Example(encoded.Ids, encoded.Types, positions, [target]) { Means = pooling == Pooling.Mean ? [[.. Enumerable.Range(0, positions.Length)]] : null };
        int[] read = [.. spans.SelectMany(span => span).Concat(positions).Distinct().Order()];
        return new Example(encoded.Ids, encoded.Types, read, [target]) { Means = [.. spans.Prepend(positions).Select(vector => Array.ConvertAll(vector, at => Array.BinarySearch(read, at)))] };
    }

    /// <summary>Fraction of examples whose most probable class is the target.</summary>
    public static double Accuracy(IReadOnlyList<Example> examples, IReadOnlyList<float[]> probabilities) =>
        examples.Zip(probabilities).Average(pair => pair.First.Targets[0] == IndexOfMax(pair.Second) ? 1.0 : 0.0);

    /// <summary>The most probable class; the first of equals.</summary>
    public static int IndexOfMax(ReadOnlySpan<float> probabilities)
    {
        int best = 0;
        for (int i = 1; i < probabilities.Length; i++)
            if (probabilities[i] > probabilities[best]) best = i;
        return best;
    }
}
