// Products of activations with weights of 8-bit integers: forward with activations that are rounded to 8 bits row by row, backward with the weights as floats.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>W [out, in] as parts one below the other, used where they lie.</summary>
/// <remarks>Integer sums are exact, so that a row's result depends neither on the rows beside it nor on the processor's vectors or cores.</remarks>
internal sealed unsafe class Int8Product<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int TileRows = 4;

    // Rows that pass over all weights before the next ones do, so that they stay in the second-level cache.
    private const int RowBlock = 96;

    private readonly Int8Matrix[] _parts;
    private readonly int _inputs, _paddedInputs, _outputs;
    private readonly Group[] _groups;
    private readonly FrozenPanels<TLanes> _backward;

    public Int8Product(Int8Matrix[] parts)
    {
        _parts = parts;
        (_inputs, _paddedInputs, _outputs) = (parts[0].Inputs, parts[0].PaddedInputs, parts.Sum(part => part.Outputs));
        _backward = new FrozenPanels<TLanes>(_outputs, _inputs);
        var groups = new List<Group>();
        int column = 0;
        foreach (var part in parts)
        {
            for (int output = 0; output < part.Outputs; output += Int8Matrix.OutputGroup) groups.Add(new Group(part, output, column + output));
            column += part.Outputs;
        }
        _groups = [.. groups];
    }

    /// <summary>result = x Wᵀ, x being rounded to 8 bits: [rows, in] → [rows, out].</summary>
    /// <param name="x">Activations.</param>
    /// <param name="result">Overwritten.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="cores">Threads that the product may take; 1 for this one alone.</param>
    /// <param name="scratch">Memory that it may overwrite.</param>
    public void Apply(float* x, float* result, int rows, int cores, Scratch scratch)
    {
        // 256 bits where the processor sums up products of bytes by one instruction, which .NET has in that width; else the widest.
        if (!AvxVnni.IsSupported && Vector512.IsHardwareAccelerated) Apply<Bytes512>(x, result, rows, cores, scratch);
        else if (Vector256.IsHardwareAccelerated) Apply<Bytes256>(x, result, rows, cores, scratch);
        else Apply<Bytes128>(x, result, rows, cores, scratch);
    }

    /// <inheritdoc cref="Apply(float*, float*, int, int, Scratch)"/>
    /// <typeparam name="TBytes">The vectors of the integer sums.</typeparam>
    public void Apply<TBytes>(float* x, float* result, int rows, int cores, Scratch scratch) where TBytes : struct, IByteLanes<TBytes>
    {
        int block = cores == 1 ? Math.Min(rows, RowBlock) : rows;
        // Tiles read whole groups of rows; the sums of those behind the last one are not used.
        float* scales = scratch.Reserve(2L * block + (block + TileRows - 1L) * _paddedInputs / sizeof(float));
        int* zeros = (int*)(scales + block);
        byte* rounded = (byte*)(zeros + block);
        for (int first = 0; first < rows; first += block)
        {
            int count = Math.Min(block, rows - first);
            for (int i = 0; i < count; i++) RoundRow(x + (long)(first + i) * _inputs, rounded + (long)i * _paddedInputs, _inputs, out scales[i], out zeros[i]);
            float* to = result + (long)first * _outputs;
            Workers.Share(_groups.Length, cores, (_, from, end) => Multiply<TBytes>(rounded, zeros, scales, count, to, from, end));
        }
        GC.KeepAlive(this);
    }

    /// <summary>result = gradient · W, all floats: [rows, out] → [rows, in].</summary>
    /// <inheritdoc cref="Apply(float*, float*, int, int, Scratch)"/>
    public void ApplyBackward(float* gradient, float* result, int rows, int cores, Scratch scratch)
    {
        int width = FrozenPanels<TLanes>.Width, panels = (_inputs + width - 1) / width;
        long size = (long)_outputs * width;
        float* memory = scratch.Reserve(cores * size);
        Workers.Share(panels, cores, (core, from, end) =>
        {
            float* panel = memory + core * size;
            for (int i = from; i < end; i++)
            {
                int first = i * width, count = Math.Min(width, _inputs - first);
                float* to = panel;
                foreach (var part in _parts)
                {
                    part.Unpack(first, count, to);
                    to += (long)part.Outputs * count;
                }
                _backward.MultiplyPanel(gradient, panel, result, first, 0, rows);
            }
        });
        GC.KeepAlive(this);
    }

    /// <summary>
    /// Rounds a row x to bytes u with x ≈ scale · (u − zero). All bytes but one of 256 are used between the row's lowest and highest value, and zero is one of them.
    /// A row that holds something other than numbers has no number as its scale, and so as its products.
    /// </summary>
    /// <param name="x">[width].</param>
    /// <param name="to">[width].</param>
    /// <param name="width">A multiple of the vector's length.</param>
    /// <param name="scale">The step from one byte to the next.</param>
    /// <param name="zero">The byte for 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RoundRow(float* x, byte* to, int width, out float scale, out int zero)
    {
        // Added to a float below 2²², it leaves the nearest integer in the lowest bits. Steps are one fewer than bytes allow, so that an inexact quotient cannot leave them.
        const float Rounding = 12582912, Steps = 254, Smallest = 1e-30f;
        TLanes highest = default, lowest = default, sum = default;
        for (int k = 0; k < width; k += TLanes.Count)
        {
            var v = TLanes.Load(x + k);
            highest = TLanes.Max(highest, v);
            lowest = TLanes.Max(lowest, default(TLanes) - v);
            sum += v;
        }
        float below = lowest.Highest(), range = highest.Highest() + below;
        if (!float.IsFinite(sum.Sum()) || !float.IsFinite(range))
        {
            (scale, zero) = (float.NaN, 0);
            new Span<byte>(to, width).Clear();
            return;
        }
        scale = MathF.Max(range / Steps, Smallest);
        float inverse = 1 / scale;
        zero = (int)(below * inverse) + 1;
        TLanes factor = TLanes.All(inverse), shift = TLanes.All(Rounding + zero);
        for (int k = 0; k < width; k += TLanes.Count) TLanes.MultiplyAdd(TLanes.Load(x + k), factor, shift).StoreLowestBytes(to + k);
    }

    private void Multiply<TBytes>(byte* rounded, int* zeros, float* scales, int rows, float* result, int from, int to) where TBytes : struct, IByteLanes<TBytes>
    {
        int width = 2 * TBytes.Count;
        int* sums = stackalloc int[TileRows * Int8Matrix.OutputGroup];
        for (int block = 0; block < rows; block += RowBlock)
            for (int g = from; g < to; g++)
            {
                var (part, start, column) = _groups[g];
                int end = Math.Min(start + Int8Matrix.OutputGroup, part.Outputs);
                for (int output = start; output < end; output += width)
                {
                    sbyte* left = part.PanelAt(output), right = part.PanelAt(output + TBytes.Count);
                    int* weightSums = part.Sums + output;
                    float* steps = part.Scales + output;
                    for (int tile = block; tile < Math.Min(block + RowBlock, rows); tile += TileRows)
                    {
                        Tile<TBytes>(rounded + (long)tile * _paddedInputs, _paddedInputs, left, right, sums);
                        for (int row = tile; row < Math.Min(tile + TileRows, rows); row++)
                        {
                            int* of = sums + (row - tile) * width;
                            float* c = result + (long)row * _outputs + column + (output - start);
                            if (output + width <= end)
                            {
                                TBytes.Store(TBytes.Load(of), zeros[row], weightSums, scales[row], steps, c);
                                TBytes.Store(TBytes.Load(of + TBytes.Count), zeros[row], weightSums + TBytes.Count, scales[row], steps + TBytes.Count, c + TBytes.Count);
                            }
                            else
                                for (int j = 0; j < end - output; j++) c[j] = (of[j] - weightSums[j] * zeros[row]) * (steps[j] * scales[row]);
                        }
                    }
                }
            }
    }

    // The sums of four rows with two vectors of outputs: [4, 2 · the vector's length]. Nothing else, so that the registers last for it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Tile<TBytes>(byte* a, long inputs, sbyte* left, sbyte* right, int* sums) where TBytes : struct, IByteLanes<TBytes>
    {
        const int Step = Int8Matrix.Quad * Int8Matrix.PanelOutputs;
        byte* a1 = a + inputs, a2 = a1 + inputs, a3 = a2 + inputs;
        TBytes s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        for (long l = 0; l < inputs; l += 2 * Int8Matrix.Quad, left += 2 * Step, right += 2 * Step)
        {
            TBytes w0 = TBytes.Load(left), w1 = TBytes.Load(left + Step), v0 = TBytes.Load(right), v1 = TBytes.Load(right + Step);
            TBytes x = TBytes.All(a + l), y = TBytes.All(a + l + Int8Matrix.Quad);
            (s00, s01) = (TBytes.AddProducts(s00, x, w0, y, w1), TBytes.AddProducts(s01, x, v0, y, v1));
            (x, y) = (TBytes.All(a1 + l), TBytes.All(a1 + l + Int8Matrix.Quad));
            (s10, s11) = (TBytes.AddProducts(s10, x, w0, y, w1), TBytes.AddProducts(s11, x, v0, y, v1));
            (x, y) = (TBytes.All(a2 + l), TBytes.All(a2 + l + Int8Matrix.Quad));
            (s20, s21) = (TBytes.AddProducts(s20, x, w0, y, w1), TBytes.AddProducts(s21, x, v0, y, v1));
            (x, y) = (TBytes.All(a3 + l), TBytes.All(a3 + l + Int8Matrix.Quad));
            (s30, s31) = (TBytes.AddProducts(s30, x, w0, y, w1), TBytes.AddProducts(s31, x, v0, y, v1));
        }
        Put(s00, s01, sums);
        Put(s10, s11, sums + 2 * TBytes.Count);
        Put(s20, s21, sums + 4 * TBytes.Count);
        Put(s30, s31, sums + 6 * TBytes.Count);

        // Registers would not outlive a call, and so be written to memory in the loop.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Put(TBytes first, TBytes second, int* to)
        {
            first.Store(to);
            second.Store(to + TBytes.Count);
        }
    }

    /// <summary>Outputs of one part that are computed together.</summary>
    /// <param name="Part">Whose.</param>
    /// <param name="Output">The first, in the part.</param>
    /// <param name="Column">The first, in the result.</param>
    private readonly record struct Group(Int8Matrix Part, int Output, int Column);
}
