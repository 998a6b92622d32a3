// What a server says of one of its tasks.
namespace MLNet.PTuning;

/// <summary>A task of a <see cref="PromptServer"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ClassNames">Names of its classes, in the order of the scores of its predictions.</param>
/// <param name="LabelsWords">Whether it labels a text's words, not the whole text.</param>
/// <param name="ReadsPairs">Whether requests need a second text (of a labeler of semantic roles, the predicate).</param>
public sealed record PromptServerTask(string Name, IReadOnlyList<string> ClassNames, bool LabelsWords, bool ReadsPairs);
