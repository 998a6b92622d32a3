// Shares attention over a batch out to the cores.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Every core takes a stretch of rows of about the same cost; what they find for the shared prompt is added up in a fixed order.</summary>
internal sealed unsafe class PackedAttention<TLanes> : IDisposable where TLanes : struct, ILanes<TLanes>
{
    // Fewer multiplications than this are done by one core.
    private const long Grain = 1 << 18;

    private readonly Scratch[] _scratch = [.. Enumerable.Range(0, Workers.Count).Select(_ => new Scratch())];
    private readonly Scratch _sums = new();

    /// <summary>Fills the operands' output and logarithms.</summary>
    public void Forward(AttentionOperands operands) =>
        Share(operands, (share, from, to) => Kernel(operands, share, from, to, backward: false).Forward(from, to));

    /// <summary>Fills the gradients; those of the prompt are added to what is there.</summary>
    public void Backward(AttentionOperands operands, AttentionGradients gradients)
    {
        int size = operands.PrefixLength * operands.Heads * operands.HeadSize;
        float* sums = _sums.Reserve(2L * size * Workers.Count);
        new Span<float>(sums, 2 * size * Workers.Count).Clear();
        Share(operands, (share, from, to) =>
        {
            var own = gradients;
            own.PrefixKeys = sums + 2L * share * size;
            own.PrefixValues = own.PrefixKeys + size;
            Kernel(operands, share, from, to, backward: true).Backward(from, to, own);
        });
        for (int share = 0; share < Workers.Count; share++)
            for (int i = 0; i < size; i++)
            {
                gradients.PrefixKeys[i] += sums[2L * share * size + i];
                gradients.PrefixValues[i] += sums[2L * share * size + size + i];
            }
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch) scratch.Dispose();
        _sums.Dispose();
    }

    private AttentionKernel<TLanes> Kernel(in AttentionOperands operands, int share, int from, int to, bool backward)
    {
        int longest = 0;
        for (int row = from; row < to; row++) longest = Math.Max(longest, operands.KeyStarts[row + 1] - operands.KeyStarts[row]);
        return new AttentionKernel<TLanes>(operands, _scratch[share], longest, backward);
    }

    private static void Share(AttentionOperands operands, Action<int, int, int> body)
    {
        int rows = operands.KeyStarts.Length - 1;
        var costs = new long[rows];
        long total = 0;
        for (int row = 0; row < rows; row++)
        {
            int keys = operands.PrefixLength + operands.KeyStarts[row + 1] - operands.KeyStarts[row], queries = operands.QueryStarts[row + 1] - operands.QueryStarts[row];
            // A row's keys are packed even where few queries read them.
            total += costs[row] = (long)keys * (queries + 4) * operands.Heads * operands.HeadSize;
        }
        if (total < Grain || Workers.Count == 1)
        {
            body(0, 0, rows);
            return;
        }
        int[] starts = Workers.Balance(costs);
        Parallel.For(0, Workers.Count, share => { if (starts[share] < starts[share + 1]) body(share, starts[share], starts[share + 1]); });
    }
}
