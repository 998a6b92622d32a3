// Products with weights of 8-bit integers, against sums of integers computed one by one, and the errors of rounding.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed unsafe class Int8ProductTests
{
    public static TheoryData<int, int, int[], int> Shapes() => new()
    {
        // rows, inputs, outputs of each part, cores
        { 1, 16, [16], 1 }, { 4, 48, [32], 1 }, { 7, 80, [48, 16, 64], 1 }, { 97, 16, [80], 1 }, { 200, 64, [32, 32], 1 }, { 7, 48, [48, 32], 2 }, { 130, 32, [32], 3 }, { 3, 32, [20, 4], 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_equal_the_integers_sums_to_the_bit_in_every_vector_width(int rows, int inputs, int[] outputs, int cores)
    {
        float[] x = Values(rows * inputs, 1), expected = Expected(x, rows, inputs, outputs, Values);
        Assert.Equal(expected, Product<Bytes128>(x, rows, inputs, outputs, cores, Values));
        Assert.Equal(expected, Product<Bytes256>(x, rows, inputs, outputs, cores, Values));
        Assert.Equal(expected, Product<Bytes512>(x, rows, inputs, outputs, cores, Values));
        Assert.Equal(expected, Product<Bytes512>(x, rows, inputs, outputs, cores, Values, chosen: true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void No_sum_overflows_with_the_largest_weights_and_activations(int sign)
    {
        const int Rows = 5, Inputs = 1024;
        float[] x = [.. Enumerable.Range(0, Rows * Inputs).Select(i => i % Inputs == 0 ? 0f : 1f)];
        float[] Same(int length, int seed) => [.. Enumerable.Repeat((float)sign, length)];
        float[] expected = Expected(x, Rows, Inputs, [32], Same);

        Assert.Equal(expected, Product<Bytes256>(x, Rows, Inputs, [32], 1, Same));
        Assert.Equal(expected, Product<Bytes512>(x, Rows, Inputs, [32], 1, Same));
        Assert.All(expected, value => Assert.Equal(sign * (Inputs - 1), value, Inputs / 60f));
    }

    [Fact]
    public void A_weight_is_off_by_half_a_step_at_most_and_steps_are_little_larger_than_the_largest_weight_makes_them()
    {
        const int Outputs = 64, Inputs = 384;
        using var scope = torch.NewDisposeScope();
        using var factory = new ParameterFactory(1, torch.CPU);
        using var normal = factory.Normal(1, Outputs, Inputs);
        float[] weight = ParameterFactory.ToArray(normal);
        using var matrix = Int8Matrix.Of(weight, Outputs, Inputs);

        float[] rounded = ParameterFactory.ToArray(matrix.ToFloats());
        for (int o = 0; o < Outputs; o++)
        {
            float step = matrix.Scales[o], largest = weight.AsSpan(o * Inputs, Inputs).ToArray().Max(Math.Abs);
            Assert.InRange(step, largest / 127, 3 * largest / 127);
            for (int i = o * Inputs; i < (o + 1) * Inputs; i++) Assert.InRange(rounded[i], weight[i] - step * 0.501f, weight[i] + step * 0.501f);
        }
    }

    [Fact]
    public void A_row_of_embeddings_is_off_by_half_a_step_at_most_and_its_largest_value_is_a_whole_number_of_steps()
    {
        float[] table = Values(20 * 32, 1);
        table.AsSpan(32, 32).Clear();
        var rounded = EmbeddingTable.Int8Of(table, 20, 32);
        using (rounded.Values) using (rounded.Scales)
        {
            float[] floats = ParameterFactory.ToArray(rounded.Rows([.. Enumerable.Range(0, 20).Select(i => (long)i)]));
            for (int row = 0; row < 20; row++)
            {
                float step = table.AsSpan(row * 32, 32).ToArray().Max(Math.Abs) / 127;
                for (int i = row * 32; i < (row + 1) * 32; i++) Assert.InRange(floats[i], table[i] - step * 0.501f, table[i] + step * 0.501f);
            }
        }
    }

    [Theory]
    [InlineData(1f, 0f)]
    [InlineData(1e-20f, 0f)]
    [InlineData(1e20f, 0f)]
    [InlineData(1f, 30f)]
    [InlineData(1f, -30f)]
    [InlineData(0f, 0f)]
    public void An_activation_is_off_by_half_a_step_at_most_in_every_vector_width(float factor, float shift)
    {
        for (int seed = 0; seed < 200; seed++)
        {
            float[] x = [.. Values(48, seed).Select(value => value * factor + shift)];
            var (bytes, scale, zero) = Rounded<Lanes128>(x);
            Assert.InRange(scale, 0, (Math.Max(0, x.Max()) - Math.Min(0, x.Min())) / 253 + 1e-30f);
            for (int i = 0; i < x.Length; i++) Assert.InRange(scale * (bytes[i] - zero), x[i] - scale * 0.502f, x[i] + scale * 0.502f);
            foreach (var (others, otherScale, otherZero) in new[] { Rounded<Lanes256>(x), Rounded<Lanes512>(x) })
            {
                Assert.Equal(bytes, others);
                Assert.Equal((scale, zero), (otherScale, otherZero));
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_row_with_something_other_than_numbers_has_no_numbers_as_products(float odd)
    {
        float[] x = Values(3 * 32, 1);
        x[40] = odd;

        float[] result = Product<Bytes256>(x, 3, 32, [16], 1, Values);

        Assert.All(result[..16].Concat(result[32..]), value => Assert.True(float.IsFinite(value)));
        Assert.All(result[16..32], value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_gradients_product_is_that_with_the_rounded_weights_as_floats(int cores)
    {
        Check<Lanes128>();
        Check<Lanes256>();
        Check<Lanes512>();

        void Check<TLanes>() where TLanes : struct, ILanes<TLanes>
        {
            using var scope = torch.NewDisposeScope();
            const int Rows = 9, Inputs = 80;
            int[] outputs = [48, 16];
            using var first = Int8Matrix.Of(Values(outputs[0] * Inputs, 10), outputs[0], Inputs);
            using var second = Int8Matrix.Of(Values(outputs[1] * Inputs, 11), outputs[1], Inputs);
            using var scratch = new Scratch();
            float[] gradient = Values(Rows * outputs.Sum(), 3), result = new float[Rows * Inputs];

            fixed (float* from = gradient, to = result) new Int8Product<TLanes>([first, second]).ApplyBackward(from, to, Rows, cores, scratch);

            float[] expected = ParameterFactory.ToArray(torch.tensor(gradient).view(Rows, outputs.Sum()).matmul(torch.cat([first.ToFloats(), second.ToFloats()], 0)));
            for (int i = 0; i < result.Length; i++) Assert.Equal(expected[i], result[i], 1e-5f);
        }
    }

    private static (byte[] Bytes, float Scale, int Zero) Rounded<TLanes>(float[] x) where TLanes : struct, ILanes<TLanes>
    {
        var bytes = new byte[x.Length];
        fixed (float* from = x)
        fixed (byte* to = bytes)
        {
            Int8Product<TLanes>.RoundRow(from, to, x.Length, out float scale, out int zero);
            return (bytes, scale, zero);
        }
    }

    private static float[] Product<TBytes>(float[] x, int rows, int inputs, int[] outputs, int cores, Func<int, int, float[]> weights, bool chosen = false) where TBytes : struct, IByteLanes<TBytes>
    {
        Int8Matrix[] parts = Parts(inputs, outputs, weights);
        var result = new float[rows * outputs.Sum()];
        using var scratch = new Scratch();
        var product = new Int8Product<Lanes128>(parts);
        fixed (float* from = x, to = result)
        {
            if (chosen) product.Apply(from, to, rows, cores, scratch);
            else product.Apply<TBytes>(from, to, rows, cores, scratch);
        }
        foreach (var part in parts) part.Dispose();
        return result;
    }

    private static float[] Expected(float[] x, int rows, int inputs, int[] outputs, Func<int, int, float[]> weights)
    {
        using var scope = torch.NewDisposeScope();
        var result = new List<float>();
        Int8Matrix[] parts = Parts(inputs, outputs, weights);
        int[][] integers = [.. parts.Select(part => Integers(part))];
        for (int row = 0; row < rows; row++)
        {
            var (bytes, scale, zero) = Rounded<Lanes128>(x[(row * inputs)..((row + 1) * inputs)]);
            foreach (var (part, values) in parts.Zip(integers))
                for (int o = 0; o < part.Outputs; o++)
                {
                    int sum = 0;
                    for (int i = 0; i < inputs; i++) sum += (bytes[i] - zero) * values[o * inputs + i];
                    result.Add(sum * (part.Scales[o] * scale));
                }
        }
        foreach (var part in parts) part.Dispose();
        return [.. result];
    }

    private static int[] Integers(Int8Matrix matrix) =>
        [.. ParameterFactory.ToArray(matrix.ToFloats()).Select((value, i) => (int)MathF.Round(value / matrix.Scales[i / matrix.Inputs]))];

    private static Int8Matrix[] Parts(int inputs, int[] outputs, Func<int, int, float[]> weights) => [.. outputs.Select((count, i) => Int8Matrix.Of(weights(count * inputs, 10 + i), count, inputs))];

    private static float[] Values(int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.4f)];
    }
}
