// Which rows of a step each of several processes computes.
using MLNet.PTuning.Backbones;

namespace MLNet.PTuning.Tasks;

/// <summary>One process's rows of a step: one after the other, of about as many word pieces as every other's.</summary>
/// <param name="Passes">Its parts of the step's passes; none where the step has too few rows.</param>
/// <param name="Examples">All rows of the step, whose loss is one mean.</param>
internal sealed record StepShare(IReadOnlyList<Batch> Passes, IReadOnlyList<Example> Examples)
{
    /// <summary>The share of one of several processes.</summary>
    /// <param name="examples">The step's rows.</param>
    /// <param name="rank">Its number, from 0.</param>
    /// <param name="size">How many share the step.</param>
    public static StepShare Of(IReadOnlyList<Example> examples, int rank, int size)
    {
        if (size == 1) return new(Batch.Passes(examples), examples);
        return new([.. OfPasses(examples, rank, size).Index().Where(pass => pass.Item.End > pass.Item.From)
            .Select(pass => Batch.Of(pass.Item.Examples[pass.Item.From..pass.Item.End]) with { Part = PartOf(pass.Item.Examples, pass.Item.From, pass.Item.End, pass.Index) })], examples);
    }

    /// <summary>The rows of each of a step's passes, and from which on and before which they are one process's.</summary>
    /// <param name="examples">The step's rows.</param>
    /// <param name="rank">The process's number, from 0.</param>
    /// <param name="size">How many share the step.</param>
    public static IEnumerable<(Example[] Examples, int From, int End)> OfPasses(IReadOnlyList<Example> examples, int rank, int size)
    {
        int[] owners = Owners(examples, size);
        int first = 0;
        foreach (var pass in Batch.ExamplesOfPasses(examples))
        {
            yield return (pass, Math.Clamp(Array.IndexOf(owners, rank) - first, 0, pass.Length), Math.Clamp(Array.LastIndexOf(owners, rank) + 1 - first, 0, pass.Length));
            first += pass.Length;
        }
    }

    // The process of each row: the one in whose equal part of all word pieces the row's middle lies.
    private static int[] Owners(IReadOnlyList<Example> examples, int size)
    {
        long all = examples.Sum(e => (long)e.PassSize), before = 0;
        var owners = new int[examples.Count];
        for (int i = 0; i < owners.Length; before += examples[i++].PassSize)
            owners[i] = (int)Math.Min(size - 1, (2 * before + examples[i].PassSize) * size / (2 * Math.Max(all, 1)));
        return owners;
    }

    /// <summary>A part of a pass's rows, or of the rows with one prompt in it.</summary>
    /// <param name="pass">All of them.</param>
    /// <param name="from">Where the part begins.</param>
    /// <param name="end">Where it has ended.</param>
    /// <param name="index">The pass's index in its step.</param>
    public static PassPart PartOf(Example[] pass, int from, int end, int index)
    {
        return new PassPart(index, ShareOf(e => e.RowStarts.Length), ShareOf(e => e.Ids.Length), ShareOf(e => e.ReadPositions.Length), ShareOf(e => e.VectorCount),
            Further(packed => packed.Rows.RowStarts), Further(packed => packed.Rows.StartsOf(packed.ReadPositions)));

        Share ShareOf(Func<Example, int> count) => new(pass[..from].Sum(count), pass[from..end].Sum(count), pass.Sum(count));

        int Further(Func<Batch, int[]> starts) => Longest(starts(Batch.Of(pass))) - Longest(starts(Batch.Of(pass[from..end])));
    }

    private static int Longest(int[] starts) => Enumerable.Range(0, starts.Length - 1).Max(row => starts[row + 1] - starts[row]);
}
