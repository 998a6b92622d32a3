// The settings of a model of several tasks.
namespace MLNet.PTuning.Pipeline;

/// <summary>The settings in a model file; each task's own are in its folder.</summary>
/// <param name="TaskColumn">The column of the tasks' names.</param>
/// <param name="PredictedLabelColumn">The output column of all tasks' labels.</param>
/// <param name="ScoreColumn">That of their probabilities.</param>
/// <param name="UnknownTask">What is predicted for rows of other tasks.</param>
/// <param name="Tasks">The tasks' names.</param>
internal sealed record ByTaskSettings(string TaskColumn, string PredictedLabelColumn, string ScoreColumn, UnknownTask UnknownTask, string[] Tasks);
