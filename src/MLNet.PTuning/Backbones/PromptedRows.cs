// Rows of a batch that have one prompt: a batch may have several, since a task is only another prompt.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Rows one after the other with the same prompt.</summary>
/// <param name="Prompt">What the tuning method gives.</param>
/// <param name="RowCount">Number of rows.</param>
internal sealed record PromptedRows(PromptState Prompt, int RowCount)
{
    /// <summary>Hidden states before the first layer, of these rows alone: [T, H]; null for those of the backbone's embeddings.</summary>
    public torch.Tensor? Embedded { get; init; }

    /// <summary>Masks of training, which these rows have whatever rows are beside them; null in prediction.</summary>
    public Dropout? Dropout { get; init; }
}
