// How a server gathers requests.
namespace MLNet.PTuning;

/// <summary>Options of a <see cref="PromptServer"/>, read when it is made.</summary>
public sealed class PromptServerOptions
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    /// <summary>Requests that are computed together at most. Default 32.</summary>
    public int MaxBatchSize { get; set; } = 32;

    /// <summary>How long the first request of a batch waits for others, counted from when it was accepted. Zero waits for none. At most an hour; default 2 milliseconds.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Requests of all tasks that may wait; further ones are refused (<see cref="ServerBusyException"/>). Those being computed do not count. Default 1024.</summary>
    public int QueueCapacity { get; set; } = 1024;

    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    internal void Check()
    {
        if (MaxBatchSize < 1) throw new ArgumentOutOfRangeException(nameof(MaxBatchSize), MaxBatchSize, "It must be 1 or more.");
        if (MaxDelay < TimeSpan.Zero || MaxDelay > LongestDelay) throw new ArgumentOutOfRangeException(nameof(MaxDelay), MaxDelay, $"It must be from 0 to {LongestDelay}.");
        if (QueueCapacity < 1) throw new ArgumentOutOfRangeException(nameof(QueueCapacity), QueueCapacity, "It must be 1 or more.");
    }
}
