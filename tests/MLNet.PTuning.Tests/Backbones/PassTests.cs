// How a pass is split into parts for cores.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;

namespace MLNet.PTuning.Tests.Backbones;

public class PassTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    public void Parts_hold_every_row_once_and_in_order(int parts)
    {
        var random = new Random(parts);
        for (int trial = 0; trial < 500; trial++)
        {
            var starts = new int[1 + random.Next(1, 60)];
            for (int i = 1; i < starts.Length; i++) starts[i] = starts[i - 1] + random.Next(2, random.Next(3, 400));
            var batch = new PackedBatch(new int[starts[^1]], new int[starts[^1]], starts);
            int[] readPositions = [.. Enumerable.Range(0, starts[^1]).Where(_ => random.Next(3) == 0)];

            var ranges = new Pass(batch, readPositions, [new PromptedRows(PromptState.None, batch.RowCount)], 0).Split(parts);

            Assert.InRange(ranges.Length, 1, parts);
            Assert.Equal(Enumerable.Range(0, batch.RowCount), ranges.SelectMany(r => Enumerable.Range(r.First, r.Count)));
            Assert.Equal(starts[..^1], ranges.SelectMany(r => r.KeyStarts[..^1].Select(start => r.FirstPiece + start)));
            Assert.Equal(readPositions.Length, ranges.Sum(r => r.ReadCount));
            Assert.All(ranges, r => Assert.Equal(batch.StartsOf(readPositions)[r.First], r.FirstRead));
        }
    }

    [Fact]
    public void Two_parts_are_as_even_as_whole_rows_allow()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 500; trial++)
        {
            var starts = new int[1 + random.Next(2, 60)];
            for (int i = 1; i < starts.Length; i++) starts[i] = starts[i - 1] + random.Next(16, 400);
            int half = starts[^1] / 2;

            var ranges = new Pass(new PackedBatch(new int[starts[^1]], new int[starts[^1]], starts), [], [new PromptedRows(PromptState.None, starts.Length - 1)], 0).Split(2);

            Assert.InRange(Math.Abs(ranges[0].PieceCount - half), 0, starts[1..^1].Min(end => Math.Abs(end - half)) + 1);
        }
    }
}
