// The task of choosing one of a text's choices: each is read in a row of its own with the text, and the softmax is over the rows' scores.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tasks;

/// <summary>How a text and its choices become an example, and how well predictions fit them.</summary>
internal static class MultipleChoice
{
    /// <summary>What the head scores every row as: whether its choice is the right one.</summary>
    public static readonly string[] ClassNames = ["choice"];

    /// <summary>Rows of choices as one example, each read at its first token, at another position, or as the mean of its tokens.</summary>
    /// <param name="rows">The choices' rows, at least one.</param>
    /// <param name="target">Index of the right choice, or <see cref="Tasks.Example.NoTarget"/>.</param>
    /// <param name="pooling">What of a row is read.</param>
    public static Example Example(IReadOnlyList<FormedRow> rows, int target, Pooling pooling)
    {
        var choices = rows.Select(row => TextClassification.Example(row.Input, Tasks.Example.NoTarget, row.ReadPosition, pooling)).ToList();
        // As one pass over several examples packs them.
        var packed = Batch.Of(choices);
        return new Example(packed.Rows.Ids, packed.Rows.Types, packed.ReadPositions, [target])
        {
            RowStarts = packed.Rows.RowStarts[..^1],
            Means = pooling == Pooling.Mean ? VectorMeans.Indices(choices) : null,
            Over = SoftmaxOver.Vectors,
        };
    }

    /// <summary>Probabilities of a row's choices: the softmax of their scores.</summary>
    public static float[] Probabilities(float[] scores)
    {
        double highest = scores.Max(), total = scores.Sum(score => Math.Exp(score - highest));
        return Array.ConvertAll(scores, score => (float)(Math.Exp(score - highest) / total));
    }
}
