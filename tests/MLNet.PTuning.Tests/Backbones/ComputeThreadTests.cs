// Which thread computes, and that one work item runs at a time.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Pipeline;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

[Collection(AloneCollection.Name)]
public class ComputeThreadTests
{
    public ComputeThreadTests() => ComputeThread.Run(() => { });

    [Fact]
    public void Brief_work_is_done_by_the_thread_that_asks_while_nothing_else_is_at_work()
    {
        Assert.Equal(Environment.CurrentManagedThreadId, ComputeThread.RunBriefly(() => Environment.CurrentManagedThreadId));
        Assert.NotEqual(Environment.CurrentManagedThreadId, ComputeThread.Run(() => Environment.CurrentManagedThreadId));
    }

    [Fact]
    public void Brief_work_queues_after_work_that_has_begun()
    {
        using ManualResetEventSlim begun = new(), mayEnd = new();
        var other = new Thread(() => ComputeThread.Run(() =>
        {
            begun.Set();
            mayEnd.Wait();
        }));
        other.Start();
        begun.Wait();
        int? computedBy = null;
        var brief = new Thread(() => computedBy = ComputeThread.RunBriefly(() => Environment.CurrentManagedThreadId));
        brief.Start();
        Assert.False(brief.Join(50));
        mayEnd.Set();
        other.Join();
        brief.Join();

        Assert.Equal(ComputeThread.Run(() => Environment.CurrentManagedThreadId), computedBy);
    }

    [Fact]
    public void Work_of_many_threads_never_overlaps()
    {
        int here = 0, most = 0, done = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(i => new Thread(() =>
        {
            for (int k = 0; k < 500; k++)
                if ((i + k) % 2 == 0) ComputeThread.RunBriefly(Work);
                else ComputeThread.Run(Work);
        }))];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Equal((1, 2000), (most, done));

        bool Work()
        {
            most = Math.Max(most, Interlocked.Increment(ref here));
            Thread.SpinWait(100);
            // Work within work runs at once.
            done += ComputeThread.RunBriefly(() => ComputeThread.Run(() => 1));
            Interlocked.Decrement(ref here);
            return true;
        }
    }

    [Fact]
    public void Work_that_fails_gives_its_turn_back()
    {
        Assert.Throws<InvalidOperationException>(() => ComputeThread.RunBriefly<int>(() => throw new InvalidOperationException()));
        Assert.Throws<InvalidOperationException>(() => ComputeThread.Run<int>(() => throw new InvalidOperationException()));
        Assert.Equal(1, ComputeThread.Run(() => 1));
    }

    [Fact]
    public void A_callers_thread_keeps_the_number_of_libtorch_threads_that_it_has()
    {
        int before = torch.get_num_threads();
        int within = ComputeThread.RunBriefly(() =>
        {
            ComputeThread.SetLibtorchThreads(before + 1);
            return torch.get_num_threads();
        });
        Assert.Equal((before, before), (within, torch.get_num_threads()));
    }
}
