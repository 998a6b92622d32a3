// One frozen weight of a linear layer as 8-bit integers with a scale for each output, laid out for products with 8-bit activations.
using System.Runtime.Intrinsics;
using MLNet.PTuning.Backbones.Cpu;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>
/// W [out, in] ≈ scale[o] · q[o, i]. Panels of <see cref="PanelOutputs"/> outputs lie one after the other; in a panel come <see cref="Quad"/> inputs of each of its
/// outputs, then the next inputs. Missing outputs and inputs at the end are zeros.
/// </summary>
/// <remarks>
/// AVX2 and AVX-512 multiply bytes in pairs and sum them up in 16 bits. Scales are chosen so that four products with any activation (0 to 255) fit into these, which
/// makes sums exact, and the same on every processor: at most 128 for the weights of one sign among four that are summed up there. Steps of normally distributed
/// weights become 1.8 times as large as the largest weight alone would make them.
/// </remarks>
internal sealed unsafe class Int8Matrix : IDisposable
{
    /// <summary>Inputs that a 32-bit sum takes at once.</summary>
    public const int Quad = 4;

    public const int PanelOutputs = 16;

    /// <summary>Outputs are a multiple of it once they are padded.</summary>
    public const int OutputGroup = 2 * PanelOutputs;

    /// <summary>Inputs are a multiple of it once they are padded: two quads, whose products are summed up in 16 bits.</summary>
    public const int InputGroup = 2 * Quad;

    private const int Largest = 127;

    // Rounding adds at most a half to each of four.
    private const float LargestSum = 128 - 4 * 0.5f;

    private readonly torch.Tensor _values, _scales, _sums;

    private Int8Matrix(int outputs, int inputs)
    {
        (Outputs, Inputs) = (outputs, inputs);
        PaddedOutputs = RoundUp(outputs, OutputGroup);
        PaddedInputs = RoundUp(inputs, InputGroup);
        _values = torch.zeros([PaddedOutputs, PaddedInputs], dtype: torch.ScalarType.Int8).DetachFromDisposeScope();
        _scales = torch.zeros([PaddedOutputs], dtype: torch.ScalarType.Float32).DetachFromDisposeScope();
        _sums = torch.zeros([PaddedOutputs], dtype: torch.ScalarType.Int32).DetachFromDisposeScope();
        Values = (sbyte*)Buffers.At(_values);
        Scales = Buffers.At(_scales);
        Sums = (int*)Buffers.At(_sums);

        static int RoundUp(int count, int group) => (count + group - 1) / group * group;
    }

    /// <summary>What it holds: the panels, the scales and the sums.</summary>
    public IReadOnlyList<torch.Tensor> Tensors => [_values, _scales, _sums];

    public int Outputs { get; }

    public int Inputs { get; }

    public int PaddedOutputs { get; }

    public int PaddedInputs { get; }

    /// <summary>The panels, <see cref="PaddedInputs"/> bytes for each of <see cref="PaddedOutputs"/> outputs.</summary>
    public sbyte* Values { get; }

    /// <summary>[<see cref="PaddedOutputs"/>].</summary>
    public float* Scales { get; }

    /// <summary>The sum of each output's integers: [<see cref="PaddedOutputs"/>].</summary>
    public int* Sums { get; }

    /// <summary>Rounds a weight.</summary>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns.</param>
    public static Int8Matrix Of(ReadOnlySpan<float> weight, int outputs, int inputs)
    {
        var matrix = new Int8Matrix(outputs, inputs);
        for (int o = 0; o < outputs; o++) matrix.Round(weight.Slice(o * inputs, inputs), o);
        return matrix;
    }

    /// <summary>The panel of 16 outputs that holds <paramref name="output"/>, at that output's own bytes.</summary>
    public sbyte* PanelAt(int output) => Values + (long)(output / PanelOutputs) * PanelOutputs * PaddedInputs + output % PanelOutputs * Quad;

    /// <summary>Writes columns of the weight as floats: [outputs, count].</summary>
    /// <param name="first">The first input, a multiple of <see cref="Quad"/>.</param>
    /// <param name="count">How many of them, a multiple of <see cref="Quad"/>.</param>
    /// <param name="to">[outputs, count].</param>
    public void Unpack(int first, int count, float* to)
    {
        for (int o = 0; o < Outputs; o++)
        {
            var scale = Vector128.Create(Scales[o]);
            sbyte* from = PanelAt(o) + (long)first * PanelOutputs;
            for (int i = 0; i < count; i += Quad, from += Quad * PanelOutputs, to += Quad)
                (Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)from).AsSByte()))) * scale).Store(to);
        }
        GC.KeepAlive(this);
    }

    /// <summary>The weight that products compute with, as floats: [out, in].</summary>
    public torch.Tensor ToFloats()
    {
        var floats = torch.empty(Outputs, Inputs);
        Unpack(0, Inputs, Buffers.At(floats));
        return floats;
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors) tensor.Dispose();
    }

    private void Round(ReadOnlySpan<float> row, int output)
    {
        float scale = ScaleOf(row);
        Scales[output] = scale;
        if (scale == 0) return;
        sbyte* to = PanelAt(output);
        for (int i = 0; i < row.Length; i++)
        {
            int value = (int)MathF.Round(row[i] / scale);
            to[(long)(i / Quad) * Quad * PanelOutputs + i % Quad] = (sbyte)value;
            Sums[output] += value;
        }
    }

    private static float ScaleOf(ReadOnlySpan<float> row)
    {
        float largest = 0, largestSum = 0;
        for (int first = 0; first < row.Length; first += InputGroup)
            for (int half = 0; half < 2; half++)
            {
                float positive = 0, negative = 0;
                for (int j = 0; j < 4; j++)
                {
                    // Two neighbors of each of the two quads.
                    int i = first + 2 * half + (j & 1) + (j >> 1) * Quad;
                    float weight = i < row.Length ? row[i] : 0;
                    largest = MathF.Max(largest, MathF.Abs(weight));
                    positive += MathF.Max(weight, 0);
                    negative -= MathF.Min(weight, 0);
                }
                largestSum = MathF.Max(largestSum, MathF.Max(positive, negative));
            }
        return MathF.Max(largest / Largest, largestSum / LargestSum);
    }
}
