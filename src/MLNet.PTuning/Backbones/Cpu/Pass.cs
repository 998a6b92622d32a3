// What one pass over a batch is about: its rows, where it is read, its prompt and its dropout masks.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>The parts of a forward pass that its backward pass needs again, beside the buffers.</summary>
/// <param name="Batch">The rows.</param>
/// <param name="ReadAt">Places read in the last layer.</param>
/// <param name="ReadStarts">Where each row's places begin: [B + 1].</param>
/// <param name="Prompt">Keys and values, or nothing.</param>
/// <param name="StepSeed">Seed of the masks; null in prediction.</param>
/// <param name="Places">The places as a tensor.</param>
internal sealed record Pass(PackedBatch Batch, int[] ReadAt, int[] ReadStarts, PromptState Prompt, ulong? StepSeed, torch.Tensor Places) : IDisposable
{
    /// <summary>The masks of a layer.</summary>
    public const int Probabilities = 0, PrefixSite = 1, AttentionOutput = 2, Output = 3;

    private const int Sites = 4;

    private readonly Dictionary<int, (torch.Tensor, torch.Tensor)> _prefix = [];

    public int PrefixLength => Prompt.Prefix.Count > 0 ? Prompt.Length : 0;

    public double PrefixDropout => Prompt.Dropout;

    /// <summary>A layer's keys and values as contiguous matrices [P, H]; null without a prompt.</summary>
    public (torch.Tensor? Keys, torch.Tensor? Values) Prefix(int layer)
    {
        if (Prompt.Prefix.Count == 0) return default;
        if (!_prefix.TryGetValue(layer, out var pair))
        {
            var (keys, values) = Prompt.Prefix[layer];
            _prefix[layer] = pair = (keys.detach().contiguous().DetachFromDisposeScope(), values.detach().contiguous().DetachFromDisposeScope());
        }
        return pair;
    }

    public void Dispose()
    {
        Places.Dispose();
        foreach (var (keys, values) in _prefix.Values)
        {
            keys.Dispose();
            values.Dispose();
        }
        _prefix.Clear();
    }

    public DropMask Mask(double probability, int layer, int site) => StepSeed is { } seed ? new DropMask(probability, seed, layer * Sites + site) : default;
}
