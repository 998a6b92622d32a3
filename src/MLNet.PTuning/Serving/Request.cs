// A request that a server has accepted.
using System.Diagnostics;

namespace MLNet.PTuning.Serving;

/// <summary>A text for a task, and the answer to come.</summary>
/// <param name="model">The task as it was when the request was accepted; held by the caller until there is an answer.</param>
/// <param name="text">The text.</param>
/// <param name="pair">The second text; null for none.</param>
internal sealed class Request(ServedTask model, string text, string? pair)
{
    // Callers go on on threads of their own, not on that which computes.
    private readonly TaskCompletionSource<TaskPrediction> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ServedTask Model => model;

    public string Text => text;

    public string? Pair => pair;

    /// <summary>When it was accepted, in <see cref="Stopwatch"/>'s ticks.</summary>
    public long Accepted { get; } = Stopwatch.GetTimestamp();

    /// <summary>The answer.</summary>
    public Task<TaskPrediction> Answer => _answer.Task;

    public void Complete(TaskPrediction prediction) => _answer.TrySetResult(prediction);

    public void Fail(Exception error) => _answer.TrySetException(error);

    public void Cancel(CancellationToken token) => _answer.TrySetCanceled(token);
}
