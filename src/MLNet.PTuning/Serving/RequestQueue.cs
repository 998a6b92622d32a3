// Requests that wait: a queue for each task, taken in turns, so that a task with many requests does not hold up the others.
using System.Diagnostics;

namespace MLNet.PTuning.Serving;

/// <summary>A bounded queue that gives out batches. Any number of threads add and remove; one takes.</summary>
/// <param name="capacity">Requests that may wait.</param>
internal sealed class RequestQueue(int capacity)
{
    private readonly object _gate = new();
    // Tasks with waiting requests, that whose turn is next first.
    private readonly LinkedList<(string Task, LinkedList<Request> Requests)> _turns = new();
    private int _count;
    private bool _isClosed;

    /// <summary>Requests that wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _count;
        }
    }

    /// <summary>What requests get once the queue is closed.</summary>
    public static InvalidOperationException Closed() => new("The server has stopped, or is stopping, and accepts no more requests and tasks.");

    /// <summary>Accepts a request.</summary>
    /// <exception cref="ServerBusyException">The queue is full.</exception>
    /// <exception cref="InvalidOperationException">It is closed.</exception>
    public void Add(Request request)
    {
        string task = request.Model.Description.Name;
        lock (_gate)
        {
            if (_isClosed) throw Closed();
            if (_count >= capacity) throw new ServerBusyException($"{_count} requests wait already, as many as QueueCapacity allows; send the request again later.");
            if (FindTurn(task) is { } turn) turn.Value.Requests.AddLast(request);
            else _turns.AddLast((task, new LinkedList<Request>([request])));
            _count++;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes a request out, where it still waits.</summary>
    public void Remove(Request request)
    {
        lock (_gate)
        {
            if (FindTurn(request.Model.Description.Name) is not { } turn || !turn.Value.Requests.Remove(request)) return;
            if (turn.Value.Requests.Count == 0) _turns.Remove(turn);
            _count--;
        }
    }

    /// <summary>Refuses further requests; those that wait are still taken, without waiting for others.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>
    /// Waits for requests and takes a batch of them: a request of each task, then another of each, and so on, each task's in their order. A task of which the last batch has taken
    /// fewer than of others comes first in the next. Their models are held; release them. Null once the queue is closed and empty.
    /// </summary>
    /// <param name="size">Most requests of a batch.</param>
    /// <param name="delay">How long the first one waits for others.</param>
    public IReadOnlyList<Request>? Take(int size, TimeSpan delay)
    {
        lock (_gate)
        {
            while (_count < size && !_isClosed)
            {
                if (_count == 0)
                {
                    Monitor.Wait(_gate);
                    continue;
                }
                double left = (delay - Stopwatch.GetElapsedTime(_turns.Min(turn => turn.Requests.First!.Value.Accepted))).TotalMilliseconds;
                if (left <= 0) break;
                Monitor.Wait(_gate, (int)Math.Ceiling(left));
            }
            return _count == 0 ? null : [.. Enumerable.Range(0, Math.Min(size, _count)).Select(_ => Next())];
        }
    }

    private LinkedListNode<(string Task, LinkedList<Request> Requests)>? FindTurn(string task)
    {
        var turn = _turns.First;
        while (turn is not null && turn.Value.Task != task) turn = turn.Next;
        return turn;
    }

    private Request Next()
    {
        var turn = _turns.First!;
        var request = turn.Value.Requests.First!.Value;
        turn.Value.Requests.RemoveFirst();
        _turns.RemoveFirst();
        if (turn.Value.Requests.Count > 0) _turns.AddLast(turn);
        _count--;
        request.Model.Hold();
        return request;
    }
}
