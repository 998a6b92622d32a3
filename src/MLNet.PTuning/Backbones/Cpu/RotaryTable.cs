// Rotary positions for the packed layers: cosines and sines of every position that occurred, and the rotation of one head's numbers by them.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A head's first half of numbers is rotated against the second, as <see cref="RotaryPositions"/> does it.</summary>
/// <param name="positions">The angles.</param>
internal sealed unsafe class RotaryTable(RotaryPositions positions) : IDisposable
{
    private readonly Scratch _memory = new();
    private readonly int _half = positions.Frequencies.Count;
    private float* _turns;
    private int _length;

    /// <summary>Makes the table long enough for the positions below <paramref name="length"/>; no rotation may run meanwhile.</summary>
    public void Reserve(int length)
    {
        if (length <= _length) return;
        _length = length + length / 4;
        float* to = _turns = _memory.Reserve(2L * _half * _length);
        for (int position = 0; position < _length; position++, to += 2 * _half)
            for (int i = 0; i < _half; i++) (to[i], to[_half + i]) = (MathF.Cos(position * positions.Frequencies[i]), MathF.Sin(position * positions.Frequencies[i]));
    }

    /// <summary>Rotates a head's numbers [d] where they are.</summary>
    /// <param name="x">The numbers.</param>
    /// <param name="position">Theirs, below the length that was reserved.</param>
    /// <param name="direction">1, or −1 to turn them back.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rotate<TLanes>(float* x, int position, float direction) where TLanes : struct, ILanes<TLanes>
    {
        float* left = x, right = x + _half, cos = _turns + (long)position * 2 * _half, sin = cos + _half;
        var sign = TLanes.All(direction);
        int k = 0;
        for (; k + TLanes.Count <= _half; k += TLanes.Count)
        {
            TLanes l = TLanes.Load(left + k), r = TLanes.Load(right + k), c = TLanes.Load(cos + k), s = TLanes.Load(sin + k) * sign;
            (l * c - r * s).Store(left + k);
            (r * c + l * s).Store(right + k);
        }
        for (; k < _half; k++)
        {
            float l = left[k], r = right[k], c = cos[k], s = sin[k] * direction;
            (left[k], right[k]) = (l * c - r * s, r * c + l * s);
        }
    }

    public void Dispose() => _memory.Dispose();
}
