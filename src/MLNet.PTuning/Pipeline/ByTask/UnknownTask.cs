// What a model of several tasks does with a row of none of them.
namespace MLNet.PTuning;

/// <summary>What <c>PTuningV2ByTask</c> predicts for a row whose task is empty or none of the model's.</summary>
public enum UnknownTask
{
    /// <summary>An error that names the row and the model's tasks.</summary>
    Error,
    /// <summary>Missing values: empty text and vectors, NaN, the key 0.</summary>
    Missing,
}
