// What one pass over a batch is about: its rows, where it is read, its prompt and its dropout masks.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>The parts of a forward pass that its backward pass needs again, beside the buffers. Its tensors belong to the caller's dispose scope.</summary>
internal sealed class Pass
{
    /// <summary>The masks of a layer.</summary>
    public const int Probabilities = 0, PrefixSite = 1, AttentionOutput = 2, Output = 3;

    private const int Sites = 4;

    private readonly ulong? _stepSeed;
    private readonly (torch.Tensor Keys, torch.Tensor Values)[] _prefix;

    /// <param name="batch">The rows.</param>
    /// <param name="readAt">Places read in the last layer.</param>
    /// <param name="prompt">Keys and values, or nothing.</param>
    /// <param name="stepSeed">Seed of the masks; null in prediction.</param>
    public Pass(PackedBatch batch, int[] readAt, PromptState prompt, ulong? stepSeed)
    {
        (Batch, ReadStarts, PrefixDropout, _stepSeed) = (batch, batch.StartsOf(readAt), prompt.Dropout, stepSeed);
        Places = torch.tensor(Array.ConvertAll(readAt, i => (long)i));
        PrefixLength = prompt.Prefix.Count > 0 ? prompt.Length : 0;
        // A layer's keys are columns of the prompt's table; the kernels want rows one after the other.
        _prefix = [.. prompt.Prefix.Select(p => (p.Keys.detach().contiguous(), p.Values.detach().contiguous()))];
    }

    public PackedBatch Batch { get; }

    /// <summary>T.</summary>
    public int PieceCount => Batch.Ids.Length;

    /// <summary>R.</summary>
    public int ReadCount => ReadStarts[^1];

    /// <summary>Where each row's places begin: [B + 1].</summary>
    public int[] ReadStarts { get; }

    /// <summary>The places read: [R].</summary>
    public torch.Tensor Places { get; }

    public int PrefixLength { get; }

    public double PrefixDropout { get; }

    /// <summary>A layer's keys and values as contiguous matrices [P, H]; null without a prompt.</summary>
    public (torch.Tensor? Keys, torch.Tensor? Values) Prefix(int layer) => _prefix.Length > 0 ? _prefix[layer] : default;

    public DropMask Mask(double probability, int layer, int site) => _stepSeed is { } seed ? new DropMask(probability, seed, layer * Sites + site) : default;

    /// <summary>Lets its tensors live as long as the caller's dispose scope.</summary>
    public Pass Kept()
    {
        Places.MoveToOuterDisposeScope();
        foreach (var (keys, values) in _prefix)
        {
            keys.MoveToOuterDisposeScope();
            values.MoveToOuterDisposeScope();
        }
        return this;
    }
}
