// The threads that share a batch or a row: every part once, errors to the caller, calls that follow each other closely or come from many threads.
using MLNet.PTuning.Backbones.Cpu;

namespace MLNet.PTuning.Tests.Backbones;

public class WorkersTests
{
    [Fact]
    public void Every_part_is_computed_once_in_calls_that_follow_each_other_closely()
    {
        for (int call = 0; call < 5_000; call++)
        {
            var computed = new int[1 + call % 4];
            Workers.Run(computed.Length, part => Interlocked.Increment(ref computed[part]));
            Assert.All(computed, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void Parts_are_computed_after_a_pause_in_which_the_threads_have_gone_to_sleep()
    {
        for (int call = 0; call < 5; call++)
        {
            Thread.Sleep(20);
            int computed = 0;
            Workers.Run(3, _ => Interlocked.Increment(ref computed));
            Assert.Equal(3, computed);
        }
    }

    [Fact]
    public void The_caller_waits_for_parts_that_take_long()
    {
        int ended = 0;
        Workers.Run(3, _ =>
        {
            Thread.Sleep(50);
            Interlocked.Increment(ref ended);
        });
        Assert.Equal(3, ended);
    }

    [Fact]
    public void An_error_in_a_part_reaches_the_caller_and_the_next_call_is_as_ever()
    {
        var error = Assert.Throws<InvalidDataException>(() => Workers.Run(3, part => { if (part == 2) throw new InvalidDataException("part 2"); }));
        Assert.Equal("part 2", error.Message);

        int computed = 0;
        Workers.Run(3, _ => Interlocked.Increment(ref computed));
        Assert.Equal(3, computed);
    }

    [Fact]
    public void Calls_of_many_threads_do_not_mix()
    {
        var sums = new int[8];
        var threads = Enumerable.Range(0, sums.Length).Select(caller => new Thread(() =>
        {
            for (int call = 0; call < 500; call++) Workers.Run(3, part => Interlocked.Add(ref sums[caller], part));
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.All(sums, sum => Assert.Equal(500 * 3, sum));
    }

    [Theory]
    [InlineData(12, 1)]
    [InlineData(12, 5)]
    [InlineData(2, 3)]
    public void Shares_cover_all_items_without_overlap(int count, int cores)
    {
        var items = new int[count];
        Workers.Share(count, cores, (_, first, end) =>
        {
            for (int i = first; i < end; i++) Interlocked.Increment(ref items[i]);
        });
        Assert.All(items, times => Assert.Equal(1, times));
    }
}
