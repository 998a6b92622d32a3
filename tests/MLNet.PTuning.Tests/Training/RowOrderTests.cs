// Batches of an epoch hold every row once, rows of like length together, in an order that seed and epoch alone decide.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Training;

namespace MLNet.PTuning.Tests.Training;

public class RowOrderTests
{
    private static readonly Example[] Rows = [.. Enumerable.Range(0, 1000).Select(i => new Example(new int[1 + i * 37 % 50], new int[1 + i * 37 % 50], [0], [0]))];

    [Theory]
    [InlineData(1000, 8)]
    [InlineData(1000, 7)]
    [InlineData(3, 32)]
    [InlineData(257, 1)]
    public void Every_row_comes_once_and_only_one_batch_is_smaller(int count, int batchSize)
    {
        var batches = RowOrder.Batches(Rows[..count], batchSize, seed: 1, epoch: 0);
        Assert.Equal(Enumerable.Range(0, count), batches.SelectMany(b => b).Order());
        Assert.Equal((count + batchSize - 1) / batchSize, batches.Count);
        Assert.True(batches.Count(b => b.Length < batchSize) <= 1);
    }

    [Fact]
    public void Rows_of_a_batch_are_of_like_length()
    {
        var batches = RowOrder.Batches(Rows, 8, seed: 1, epoch: 0);
        double spread = batches.Average(b => b.Max(i => Rows[i].Ids.Length) - b.Min(i => Rows[i].Ids.Length));
        Assert.True(spread < 5, $"lengths from 1 to 50 differ by {spread} in a batch");
    }

    [Fact]
    public void The_order_is_a_function_of_seed_and_epoch()
    {
        var order = Order(1, 0);
        Assert.Equal(order, Order(1, 0));
        Assert.NotEqual(order, Order(2, 0));
        Assert.NotEqual(order, Order(1, 1));
        Assert.NotEqual(Order(1, 1), Order(2, 0));

        static int[] Order(int seed, int epoch) => [.. RowOrder.Batches(Rows, 8, seed, epoch).SelectMany(b => b)];
    }
}
