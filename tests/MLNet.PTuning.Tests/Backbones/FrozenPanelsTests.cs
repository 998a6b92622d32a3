// The product with a matrix that is laid out once, against sums in double precision.
using MLNet.PTuning.Backbones.Cpu;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class FrozenPanelsTests
{
    public static TheoryData<int, int, int, int> Shapes() => new()
    {
        // rows, inner, vectors of columns, cores
        { 1, 5, 1, 1 }, { 6, 16, 2, 1 }, { 7, 33, 3, 1 }, { 96, 8, 4, 1 }, { 97, 64, 5, 1 }, { 200, 48, 7, 1 }, { 7, 33, 3, 2 }, { 50, 20, 1, 3 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_equal_the_sums_in_every_vector_width(int rows, int inner, int vectors, int cores)
    {
        Check<Lanes128>(rows, inner, vectors, cores);
        Check<Lanes256>(rows, inner, vectors, cores);
        Check<Lanes512>(rows, inner, vectors, cores);
    }

    [Fact]
    public void Products_are_the_same_to_the_bit_on_any_number_of_cores()
    {
        Assert.Equal(Product<Lanes256>(rows: 41, inner: 96, vectors: 9, cores: 1), Product<Lanes256>(rows: 41, inner: 96, vectors: 9, cores: 3));
        Assert.Equal(Product<Lanes512>(rows: 41, inner: 96, vectors: 9, cores: 1), Product<Lanes512>(rows: 41, inner: 96, vectors: 9, cores: 2));
    }

    private static float[] Values(int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static unsafe float[] Product<TLanes>(int rows, int inner, int vectors, int cores) where TLanes : struct, ILanes<TLanes>
    {
        int columns = vectors * TLanes.Count;
        float[] a = Values(rows * inner, 1), matrix = Values(inner * columns, 2), c = new float[rows * columns];
        fixed (float* left = a, right = matrix, result = c)
        {
            using var panels = new FrozenPanels<TLanes>(right, columns, 1, inner, columns);
            panels.Multiply(left, result, rows, cores);
        }
        return c;
    }

    private static void Check<TLanes>(int rows, int inner, int vectors, int cores) where TLanes : struct, ILanes<TLanes>
    {
        int columns = vectors * TLanes.Count;
        float[] a = Values(rows * inner, 1), matrix = Values(inner * columns, 2), c = Product<TLanes>(rows, inner, vectors, cores);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
            {
                double expected = 0;
                for (int l = 0; l < inner; l++) expected += (double)a[i * inner + l] * matrix[l * columns + j];
                Assert.Equal(expected, c[i * columns + j], 1e-5);
            }
    }
}
