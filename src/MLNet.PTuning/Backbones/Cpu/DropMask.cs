// A dropout mask that is never stored: whether an element is kept is a hash of its index, which the backward pass computes again.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>One site's mask in one training step; <c>default</c> drops nothing.</summary>
internal readonly struct DropMask
{
    private readonly uint _seed;
    private readonly int _first;

    /// <param name="probability">Of dropping an element.</param>
    /// <param name="step">A number that differs from step to step and from seed to seed.</param>
    /// <param name="site">Which of the step's masks this is.</param>
    /// <param name="first">The row of elements that counts as the first.</param>
    public DropMask(double probability, ulong step, int site, int first = 0)
    {
        _first = first;
        IsActive = probability > 0;
        Threshold = (uint)Math.Round(probability * uint.MaxValue);
        Kept = (float)(1 / (1 - probability));
        _seed = Mix(step + (ulong)(site + 1) * 0x9E3779B97F4A7C15);
    }

    public bool IsActive { get; }

    /// <summary>Hashes below it are dropped.</summary>
    public uint Threshold { get; }

    /// <summary>What a kept element is multiplied by.</summary>
    public float Kept { get; }

    /// <summary>The seed of one row of elements.</summary>
    public uint RowSeed(int row) => Mix(((ulong)_seed << 32) + (uint)(row - _first));

    /// <summary>Masks a row of elements where they are; a number of them that is no multiple of the vector's length is rounded up.</summary>
    public unsafe void Apply<TLanes>(float* values, int count, int row) where TLanes : struct, ILanes<TLanes>
    {
        uint seed = RowSeed(row);
        for (int k = 0; k < count; k += TLanes.Count) (TLanes.Load(values + k) * TLanes.Mask(seed, (uint)k, Threshold, Kept)).Store(values + k);
    }

    // The finalizer of SplitMix64 (Steele, Lea and Flood, 2014), upper half.
    private static uint Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return (uint)((x ^ (x >> 31)) >> 32);
    }
}
