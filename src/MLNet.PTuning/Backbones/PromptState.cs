// What a tuning method gives the encoder for one pass.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>The trained vectors that an encoder takes in addition to the text; all of it optional.</summary>
internal sealed class PromptState
{
    /// <summary>No prompt at all.</summary>
    public static readonly PromptState None = new();

    /// <summary>Keys and values put before every row's own: [P, 2·L·W], chunk 2l of a row layer l's keys and chunk 2l + 1 its values; null for none.</summary>
    public torch.Tensor? Prefix { get; init; }

    /// <summary>Vectors [P, E] in place of word embeddings, vector j where a row has the id −(j + 1); null for none.</summary>
    public torch.Tensor? Vectors { get; init; }

    /// <summary>What each layer does to its sublayers' outputs before they are added to their inputs; empty for nothing.</summary>
    public IReadOnlyList<LayerAdapters> Adapters { get; init; } = [];

    /// <summary>P, by which the text's positions move up; vectors among the words have positions of their own.</summary>
    public int Length { get; init; }

    /// <summary>Probability of dropping an element of the prefix in training; each row has a mask of its own.</summary>
    public double Dropout { get; init; }

    /// <summary>A layer's keys and values of the prefix: [P, W] each; null without one.</summary>
    /// <param name="index">l.</param>
    /// <param name="width">W, for most backbones the hidden size.</param>
    public (torch.Tensor Keys, torch.Tensor Values)? PrefixOf(int index, long width) =>
        Prefix is null ? null : (Prefix.narrow(1, 2 * index * width, width), Prefix.narrow(1, (2 * index + 1) * width, width));
}

/// <summary>Functions [T, H] → [T, H] in one layer; null for none.</summary>
/// <param name="AfterAttention">Of the attention's output.</param>
/// <param name="AfterFeedForward">Of the feed-forward's output.</param>
internal readonly record struct LayerAdapters(Func<torch.Tensor, torch.Tensor>? AfterAttention, Func<torch.Tensor, torch.Tensor>? AfterFeedForward);
