// Random operands for one call of the attention kernel, and the memory that it writes its results to.
using MLNet.PTuning.Backbones.Cpu;

namespace MLNet.PTuning.MicroBenchmarks;

internal abstract class AttentionCase : IDisposable
{
    public abstract void Forward();

    public abstract void Backward();

    public abstract void Dispose();
}

/// <inheritdoc/>
internal sealed unsafe class AttentionCase<TLanes, T> : AttentionCase where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    private const int Heads = 12, HeadSize = 64, Hidden = Heads * HeadSize;

    private readonly Random _random = new(1);
    private readonly Scratch _working = new();
    private readonly List<Scratch> _held = [];
    private readonly AttentionOperands<T> _operands;
    private readonly AttentionGradients<T> _gradients;
    private readonly float* _prefixGradients;
    private readonly int _promptLength;

    /// <param name="rows">Number of rows.</param>
    /// <param name="rowLength">Word pieces of each.</param>
    /// <param name="promptLength">Vectors that all share.</param>
    public AttentionCase(int rows, int rowLength, int promptLength)
    {
        int[] starts = [.. Enumerable.Range(0, rows + 1).Select(row => row * rowLength)];
        int pieces = starts[^1];
        _promptLength = promptLength;
        // As a layer lays them out: queries alone, keys and values side by side.
        T* keysValues = Random<T>(pieces * 2 * Hidden), keyValueGradients = Random<T>(pieces * 2 * Hidden);
        _operands = new AttentionOperands<T>
        {
            Queries = Random<T>(pieces * Hidden),
            Keys = keysValues,
            Values = keysValues + Hidden,
            QueryStride = Hidden,
            KeyStride = 2 * Hidden,
            QueryBias = Random<float>(Hidden),
            KeyBias = Random<float>(Hidden),
            ValueBias = Random<float>(Hidden),
            PrefixKeys = new PrefixRows(Random<float>(promptLength * Hidden), Hidden),
            PrefixValues = new PrefixRows(Random<float>(promptLength * Hidden), Hidden),
            PrefixLength = promptLength,
            Heads = Heads,
            KeyHeads = Heads,
            HeadSize = HeadSize,
            Rows = new RowRange(starts, starts, 0, rows),
            QueryStarts = starts,
            Output = Random<T>(pieces * Hidden),
            LogSums = Random<float>(pieces * Heads),
        };
        _prefixGradients = Random<float>(2 * promptLength * Hidden);
        _gradients = new AttentionGradients<T>
        {
            Output = Random<T>(pieces * Hidden),
            Queries = Random<T>(pieces * Hidden),
            Keys = keyValueGradients,
            Values = keyValueGradients + Hidden,
            PrefixKeys = _prefixGradients,
            PrefixValues = _prefixGradients + promptLength * Hidden,
        };
    }

    public override void Forward() => new AttentionKernel<TLanes, T>(_operands, _working, backward: false).Forward(0, _operands.Heads);

    public override void Backward()
    {
        // The kernel adds to them; sums over many calls would leave the range of ordinary numbers.
        new Span<float>(_prefixGradients, 2 * _promptLength * Hidden).Clear();
        new AttentionKernel<TLanes, T>(_operands, _working, backward: true).Backward(_gradients);
    }

    public override void Dispose()
    {
        foreach (var held in _held) held.Dispose();
        _working.Dispose();
    }

    private TElement* Random<TElement>(int count) where TElement : unmanaged
    {
        var held = new Scratch();
        _held.Add(held);
        var values = (TElement*)held.Reserve(count);
        for (int i = 0; i < count; i++) Element<TElement>.Set(values + i, _random.NextSingle() - 0.5f);
        return values;
    }
}
