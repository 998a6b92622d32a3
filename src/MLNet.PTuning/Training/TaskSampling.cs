// How often multi-task training meets each task.
namespace MLNet.PTuning;

/// <summary>How often each task is met in multi-task training.</summary>
public enum TaskSampling
{
    /// <summary>As often as it has rows.</summary>
    Proportional,
    /// <summary>All alike.</summary>
    Uniform,
    /// <summary>In proportion to its rows to the power 1 / <c>Temperature</c>.</summary>
    Temperature,
}
