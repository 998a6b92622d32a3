// Batches take requests of the tasks in turns.
using MLNet.PTuning.Serving;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Serving;

public sealed class RequestQueueTests : IClassFixture<TrainedTasks>, IDisposable
{
    private readonly ServedTask[] _tasks;
    private readonly RequestQueue _queue = new(100);

    public RequestQueueTests(TrainedTasks tasks) => _tasks = [.. new[] { "A", "B", "C" }.Select(name => ServedTask.Of(name, tasks.Models["SST-2"]))];

    [Fact]
    public void A_task_with_many_requests_does_not_hold_up_others()
    {
        Add("A1 A2 A3 A4 A5 A6 A7 A8 B1 B2 C1");
        Assert.Equal("A1 B1", Take(2));
        Assert.Equal("C1 A2", Take(2));
        Assert.Equal("B2 A3", Take(2));
        Add("C2");
        Assert.Equal("A4 C2 A5 A6", Take(4));
        Assert.Equal("A7 A8", Take(4));
    }

    [Fact]
    public void Requests_that_were_removed_are_not_taken()
    {
        var requests = Add("A1 B1 A2 C1");
        _queue.Remove(requests[0]);
        _queue.Remove(requests[1]);
        _queue.Remove(requests[1]);
        Assert.Equal(2, _queue.Count);
        Assert.Equal("A2 C1", Take(4));
        _queue.Remove(requests[2]);
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task A_batch_waits_for_others_until_it_is_full_or_the_queue_closes()
    {
        Add("A1");
        var taken = Task.Factory.StartNew(() => Take(3, TimeSpan.FromHours(1)), TaskCreationOptions.LongRunning);
        Add("A2");
        Assert.False(taken.IsCompleted);
        Add("B1");
        Assert.Equal("A1 B1 A2", await taken);
        Add("C1 A3");
        taken = Task.Factory.StartNew(() => Take(3, TimeSpan.FromHours(1)), TaskCreationOptions.LongRunning);
        _queue.Close();
        Assert.Equal("C1 A3", await taken);
        Assert.Null(_queue.Take(3, TimeSpan.Zero));
        Assert.Throws<InvalidOperationException>(() => Add("A4"));
    }

    public void Dispose()
    {
        foreach (var task in _tasks) task.Release();
    }

    private List<Request> Add(string names)
    {
        var requests = names.Split(' ').Select(name => new Request(_tasks.Single(task => task.Description.Name == name[..1]), name, null)).ToList();
        requests.ForEach(_queue.Add);
        return requests;
    }

    private string Take(int size, TimeSpan delay = default)
    {
        var taken = _queue.Take(size, delay)!;
        foreach (var request in taken) request.Model.Release();
        return string.Join(' ', taken.Select(request => request.Text));
    }
}
