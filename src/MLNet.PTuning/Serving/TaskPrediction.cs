// What a server answers to a request.
namespace MLNet.PTuning;

/// <summary>The probability of a class.</summary>
/// <param name="Label">The class's name.</param>
/// <param name="Probability">From 0 to 1.</param>
public readonly record struct ClassScore(string Label, float Probability);

/// <summary>A word with its label.</summary>
/// <param name="Text">The word.</param>
/// <param name="Label">Its label.</param>
/// <param name="Probability">The label's probability.</param>
/// <param name="Start">Where it starts in the text, in the <see cref="OffsetUnit"/> that the model was trained with (by default UTF-16 units, as .NET counts).</param>
/// <param name="End">Where it ends: the offset after its last character.</param>
public readonly record struct WordPrediction(string Text, string Label, float Probability, int Start, int End);

/// <summary>An entity that the labels of words mark.</summary>
/// <param name="Type">Its type, such as <c>PER</c>.</param>
/// <param name="Text">Its part of the text.</param>
/// <param name="Start">Where it starts in the text, in the unit in which words start.</param>
/// <param name="End">Where it ends: the offset after its last character.</param>
/// <param name="Probability">The mean probability of its words' labels.</param>
public readonly record struct EntityPrediction(string Type, string Text, int Start, int End, float Probability);

/// <summary>What a task predicts of a text.</summary>
/// <param name="Label">The most probable class; of words their labels with a blank between them.</param>
/// <param name="Scores">The probability of each class, in the order of the task's class names; empty for a task of words.</param>
/// <param name="Words">The text's words with their labels, in order; empty for a task of whole texts.</param>
/// <param name="Entities">The entities that these labels mark, in order; empty for a task of whole texts.</param>
public sealed record TaskPrediction(string Label, IReadOnlyList<ClassScore> Scores, IReadOnlyList<WordPrediction> Words, IReadOnlyList<EntityPrediction> Entities);
