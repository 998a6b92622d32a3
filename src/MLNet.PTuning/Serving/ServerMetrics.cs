// A server's counters and durations.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MLNet.PTuning.Serving;

/// <summary>Instruments of System.Diagnostics.Metrics. What they are tagged with are names of tasks that the server has, and outcomes: nothing of what requests hold.</summary>
internal sealed class ServerMetrics : IDisposable
{
    /// <summary>What became of a request.</summary>
    public const string Answered = "answered", Failed = "failed", Cancelled = "cancelled", Refused = "refused", UnknownTask = "unknown task";

    private readonly Meter _meter = new(PromptServer.MeterName);
    private readonly Counter<long> _requests;
    private readonly Histogram<int> _batchSizes;
    private readonly Histogram<double> _durations;

    /// <param name="queueLength">Number of waiting requests.</param>
    public ServerMetrics(Func<int> queueLength)
    {
        _requests = _meter.CreateCounter<long>("ptuning.server.requests", "{request}", "Requests by task and outcome: answered, failed, cancelled, refused (too many wait), unknown task (without the task).");
        _batchSizes = _meter.CreateHistogram<int>("ptuning.server.batch.size", "{request}", "Requests that are computed together.");
        _durations = _meter.CreateHistogram<double>("ptuning.server.request.duration", "s", "Time from a request to its answer, by task.");
        _meter.CreateObservableUpDownCounter("ptuning.server.queue.length", queueLength, "{request}", "Requests that wait.");
    }

    /// <summary>Counts a batch.</summary>
    public void CountBatch(int size) => _batchSizes.Record(size);

    /// <summary>Counts a request.</summary>
    /// <param name="task">Its task, one of the server's; null where it has none of that name.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="start">When it came, in <see cref="Stopwatch"/>'s ticks.</param>
    public void CountRequest(string? task, string outcome, long start)
    {
        var tags = new TagList { { "outcome", outcome } };
        if (task is not null) tags.Add("task", task);
        _requests.Add(1, tags);
        if (outcome == Answered) _durations.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, new TagList { { "task", task } });
    }

    public void Dispose() => _meter.Dispose();
}
