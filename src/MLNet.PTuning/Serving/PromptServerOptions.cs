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

    /// <summary>Characters (UTF-16 units) that a text may have, the second one of a pair likewise; longer ones are refused. Null (the default) for no limit.</summary>
    public int? MaxTextLength { get; set; }

    /// <summary>Texts, or pairs of texts, that one call of <see cref="PromptServer.PredictAllAsync"/> may have. Null (the default) for no limit.</summary>
    public int? MaxTexts { get; set; }

    /// <summary>
    /// The folders in which alone the backbones of model files may be (each itself, and its direct subfolders). A backbone is recognized by its content; the path that a file records is not
    /// read, and a file that holds its backbone is refused. Set it where model files come from elsewhere. Null (the default) for wherever <c>ml.Model.Load</c> looks.
    /// </summary>
    public IReadOnlyList<string>? BackboneFolders { get; set; }

    /// <summary>Checks that the options can be used, as the server does when it is made.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public void Validate()
    {
        if (MaxBatchSize < 1) throw new ArgumentOutOfRangeException(nameof(MaxBatchSize), MaxBatchSize, "It must be 1 or more.");
        if (MaxDelay < TimeSpan.Zero || MaxDelay > LongestDelay) throw new ArgumentOutOfRangeException(nameof(MaxDelay), MaxDelay, $"It must be from 0 to {LongestDelay}.");
        if (QueueCapacity < 1) throw new ArgumentOutOfRangeException(nameof(QueueCapacity), QueueCapacity, "It must be 1 or more.");
        if (MaxTextLength < 1) throw new ArgumentOutOfRangeException(nameof(MaxTextLength), MaxTextLength, "It must be 1 or more.");
        if (MaxTexts < 1) throw new ArgumentOutOfRangeException(nameof(MaxTexts), MaxTexts, "It must be 1 or more.");
    }
}
