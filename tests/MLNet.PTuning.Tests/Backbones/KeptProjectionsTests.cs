// What is kept of the first layer: the right rows, bounded, whatever batches come.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;

namespace MLNet.PTuning.Tests.Backbones;

public sealed unsafe class KeptProjectionsTests
{
    private const int Inner = 3, Width = 4;

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(5000)]
    public void Every_piece_gets_its_own_row_whether_it_was_kept_or_computed(int mostRows)
    {
        var random = new Random(mostRows);
        using var kept = new KeptProjections(Width, mostRows);
        int fetched = 0;
        for (int trial = 0; trial < 200; trial++)
        {
            var batch = Batch(random);
            var pass = new Pass(batch, [], [new PromptedRows(PromptState.None, batch.RowCount)], 0);
            if (random.Next(50) == 0) kept.Clear();
            if (kept.Find(pass.Batch, firstPosition: 2, fill: random.Next(4) > 0) is not { } rows) continue;
            Assert.InRange(rows.Known, 0, mostRows);
            foreach (var part in pass.Split(2))
            {
                float[] operands = [.. Pieces(pass.Batch, part).SelectMany(piece => piece)];
                int missing = rows.Missing(part);
                fetched += part.PieceCount - missing;
                float[] left = new float[missing * Inner + 1], result = new float[part.PieceCount * Width];
                fixed (float* from = operands, to = left, all = result)
                {
                    kept.Fetch(rows, part, from, Inner, to, all);
                    float[] computed = [.. left[..^1].Chunk(Inner).SelectMany(Project), 0];
                    fixed (float* product = computed) kept.Keep(rows, part, product, all);
                }
                Assert.Equal(operands.Chunk(Inner).SelectMany(Project), result);
            }
        }
        Assert.Equal(mostRows > 0, fetched > 0);
    }

    [Fact]
    public void Where_nothing_is_kept_and_nothing_may_be_there_is_nothing_to_look_up()
    {
        using var kept = new KeptProjections(Width, 10);
        Assert.Null(kept.Find(Batch(new Random(1)), firstPosition: 0, fill: false));
    }

    private static PackedBatch Batch(Random random)
    {
        var starts = new int[1 + random.Next(1, 9)];
        for (int i = 1; i < starts.Length; i++) starts[i] = starts[i - 1] + random.Next(1, 40);
        return new PackedBatch([.. Enumerable.Range(0, starts[^1]).Select(_ => random.Next(60))], [.. Enumerable.Range(0, starts[^1]).Select(_ => random.Next(2))], starts);
    }

    // A piece's operand is what tells it apart.
    private static IEnumerable<float[]> Pieces(PackedBatch batch, RowRange part)
    {
        for (int row = part.First; row < part.First + part.Count; row++)
            for (int i = batch.RowStarts[row]; i < batch.RowStarts[row + 1]; i++) yield return [batch.Ids[i], i - batch.RowStarts[row], batch.Types[i]];
    }

    private static float[] Project(float[] operand) => [operand[0] + 1000 * operand[1], operand[1], operand[2], -operand[0]];
}
