// What a layer attends with, however keys and values are kept.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Attention of the word pieces of a packed batch, each row within itself.</summary>
internal interface IAttention
{
    /// <summary>B.</summary>
    int RowCount { get; }

    /// <summary>Where each row starts in the packed batch, and T at the end: [B + 1].</summary>
    int[] RowStarts { get; }

    /// <summary>Each word piece's position in its row, as floats: [T].</summary>
    torch.Tensor Positions { get; }

    /// <summary>softmax(q kᵀ / √d) v for each row and head.</summary>
    /// <param name="queries">[Tq, heads · d].</param>
    /// <param name="keys">[T, W]; where W is less than heads · d, each key head belongs to several query heads, one after the other.</param>
    /// <param name="values">[T, W].</param>
    /// <param name="prefix">Keys and values before the row's own, [P, W] each or, with a mask a row, [B, P, W]; null for none.</param>
    /// <param name="heads">Number of query heads.</param>
    /// <param name="dropProbabilities">What training does to the probabilities [B, heads, S, P + S]; null for nothing.</param>
    /// <param name="relative">What is added to the scores for distances, and its scale; null for nothing, and 1 / √d.</param>
    /// <returns>[Tq, heads · d].</returns>
    torch.Tensor Attend(torch.Tensor queries, torch.Tensor keys, torch.Tensor values, (torch.Tensor Keys, torch.Tensor Values)? prefix, int heads,
        Func<torch.Tensor, torch.Tensor>? dropProbabilities, RelativeScores? relative = null);
}
