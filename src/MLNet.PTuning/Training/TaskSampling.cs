// How often multi-task training draws each task.
namespace MLNet.PTuning;

/// <summary>How often multi-task training draws each task.</summary>
public enum TaskSampling
{
    /// <summary>In proportion to its rows.</summary>
    Proportional,
    /// <summary>All equally often.</summary>
    Uniform,
    /// <summary>In proportion to its rows to the power 1 / <c>Temperature</c>.</summary>
    Temperature,
}
