// One of several texts that are asked for together.
namespace MLNet.PTuning;

/// <summary>A text of a request of several (<see cref="PromptServer.PredictAllAsync"/>).</summary>
/// <param name="Text">The text; for labeling, plain text.</param>
/// <param name="Pair">The second text of a task that reads two; null for others.</param>
public readonly record struct PromptServerText(string Text, string? Pair = null);
