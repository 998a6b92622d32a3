// A question's gold answers and what was predicted.
namespace MLNet.PTuning.Tasks;

/// <summary>A question as it is scored.</summary>
/// <param name="Gold">Its gold answers; none where the context does not answer it.</param>
/// <param name="Predicted">The predicted answer; empty for none.</param>
/// <param name="Best">The most probable answer that is not empty.</param>
/// <param name="NullScore">The logarithm of the probability of no answer less that of the best answer; null where it is not known.</param>
internal sealed record AnswerPrediction(IReadOnlyList<string> Gold, string Predicted, string Best, double? NullScore);
