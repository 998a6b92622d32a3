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
        int[] owners = Owners(examples, size);
        var parts = new List<Batch>();
        int first = 0;
        foreach (var (pass, index) in Batch.ExamplesOfPasses(examples).Select((pass, index) => (pass, index)))
        {
            int from = Math.Clamp(Array.IndexOf(owners, rank) - first, 0, pass.Length), end = Math.Clamp(Array.LastIndexOf(owners, rank) + 1 - first, 0, pass.Length);
            if (end > from) parts.Add(Batch.Of(pass[from..end]) with { Part = PartOf(pass, from, end, index) });
            first += pass.Length;
        }
        return new(parts, examples);
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

    private static PassPart? PartOf(Example[] pass, int from, int end, int index)
    {
        return new PassPart(index, ShareOf(e => e.RowStarts.Length), ShareOf(e => e.Ids.Length), ShareOf(e => e.ReadPositions.Length), ShareOf(e => e.VectorCount),
            Further(packed => packed.Rows.RowStarts), Further(packed => packed.Rows.StartsOf(packed.ReadPositions)));

        Share ShareOf(Func<Example, int> count) => new(pass[..from].Sum(count), pass[from..end].Sum(count), pass.Sum(count));

        int Further(Func<Batch, int[]> starts) => Longest(starts(Batch.Of(pass))) - Longest(starts(Batch.Of(pass[from..end])));
    }

    private static int Longest(int[] starts) => Enumerable.Range(0, starts.Length - 1).Max(row => starts[row + 1] - starts[row]);
}
