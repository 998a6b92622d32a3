// What a tuning method gives the encoder for one pass.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>The trained vectors that an encoder takes in, beside the text; all of it optional.</summary>
internal sealed class PromptState
{
    /// <summary>No prompt at all.</summary>
    public static readonly PromptState None = new();

    /// <summary>Keys and values put before every row's own, one pair of [P, H] a layer; empty for none.</summary>
    public IReadOnlyList<(torch.Tensor Keys, torch.Tensor Values)> Prefix { get; init; } = [];

    /// <summary>Vectors [P, E] that stand among the word embeddings, vector j where a row has the id −(j + 1); null for none.</summary>
    public torch.Tensor? Vectors { get; init; }

    /// <summary>What each layer does to its sublayers' outputs before they are added to their inputs; empty for nothing.</summary>
    public IReadOnlyList<LayerAdapters> Adapters { get; init; } = [];

    /// <summary>P, by which the text's positions move up; vectors among the words have positions of their own.</summary>
    public int Length { get; init; }

    /// <summary>Probability of dropping an element of the prefix in training; each row has a mask of its own.</summary>
    public double Dropout { get; init; }
}

/// <summary>Functions [T, H] → [T, H] in one layer; null for none.</summary>
/// <param name="AfterAttention">Of the attention's output.</param>
/// <param name="AfterFeedForward">Of the feed-forward's output.</param>
internal readonly record struct LayerAdapters(Func<torch.Tensor, torch.Tensor>? AfterAttention, Func<torch.Tensor, torch.Tensor>? AfterFeedForward);
