// The layers of a frozen encoder or decoder on the CPU, without padding and without autograd: a part of the batch's rows on every core.
using System.Runtime.Intrinsics;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Calls come from one thread.</summary>
internal abstract class PackedLayers : IDisposable
{
    /// <summary>The layers in the widest vectors that the processor and the backbone's sizes have room for.</summary>
    /// <param name="backbone">The backbone; its tensors must outlive the engine.</param>
    /// <param name="halves">Whether frozen weights and the operands of products are bfloat16.</param>
    public static PackedLayers Create(PackedBackbone backbone, bool halves)
    {
        if (Vector512.IsHardwareAccelerated && backbone.Fits<Lanes512>()) return Of<Lanes512>();
        return Vector256.IsHardwareAccelerated && backbone.Fits<Lanes256>() ? Of<Lanes256>() : Of<Lanes128>();

        PackedLayers Of<TLanes>() where TLanes : struct, ILanes<TLanes> => halves ? new PackedLayers<TLanes, BFloat16>(backbone) : new PackedLayers<TLanes, float>(backbone);
    }

    /// <summary>Whether its products are this library's own, so that libtorch's threads are not used for them.</summary>
    public abstract bool HasOwnProducts { get; }

    /// <summary>Hidden states of the last layer at the positions read.</summary>
    /// <param name="embedded">Hidden states before the first layer [T, H]; null for those of the backbone's embeddings, where it computes them itself (<see cref="PackedBackbone.Embeds"/>).</param>
    /// <param name="batch">The rows.</param>
    /// <param name="readPositions">Positions in the packed batch, ascending: [R].</param>
    /// <param name="prompt">Nothing but keys and values, or nothing.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    /// <param name="keep">Whether <see cref="Backward"/> follows.</param>
    /// <returns>[R, H].</returns>
    public torch.Tensor Forward(torch.Tensor? embedded, PackedBatch batch, int[] readPositions, PromptState prompt, Dropout? dropout, bool keep) =>
        ForwardMixed(batch, readPositions, [new PromptedRows(prompt, batch.RowCount) { Embedded = embedded, Dropout = dropout }], keep);

    /// <summary>Hidden states of the last layer at the positions read, of rows with one prompt or several: each row's are those that it has alone.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="readPositions">Positions in the packed batch, ascending: [R].</param>
    /// <param name="prompts">Each prompt with its rows and their masks, in the order of the rows: nothing but keys and values, or nothing.</param>
    /// <param name="keep">Whether <see cref="BackwardMixed"/> follows.</param>
    /// <returns>[R, H].</returns>
    public abstract torch.Tensor ForwardMixed(PackedBatch batch, int[] readPositions, IReadOnlyList<PromptedRows> prompts, bool keep);

    /// <summary>From the gradient of the last <see cref="Forward"/>'s result to those of the prompt and of the embedded rows.</summary>
    /// <param name="gradient">[R, H].</param>
    /// <param name="toEmbedded">Whether that of the embedded rows is needed.</param>
    /// <returns>[P, 2·L·W], or null without a prefix; [T, H] or null.</returns>
    public (torch.Tensor? Prefix, torch.Tensor? Embedded) Backward(torch.Tensor gradient, bool toEmbedded)
    {
        var (prefixes, embedded) = BackwardMixed(gradient, toEmbedded);
        return (prefixes[0], embedded);
    }

    /// <summary>
    /// From the gradient of the last <see cref="ForwardMixed"/>'s result to those of each prompt and of the embedded rows. A prompt's is that of a pass with its rows
    /// alone: on one core to the bit where products are this library's own, else but for the order in which its rows are added up.
    /// </summary>
    /// <param name="gradient">[R, H].</param>
    /// <param name="toEmbedded">Whether that of the embedded rows is needed.</param>
    /// <returns>For each prompt [P, 2·L·W], or null without a prefix; [T, H] of all rows or null.</returns>
    public abstract (torch.Tensor?[] Prefixes, torch.Tensor? Embedded) BackwardMixed(torch.Tensor gradient, bool toEmbedded);

    /// <summary>Frees the memory of past passes.</summary>
    public abstract void Trim();

    public abstract void Dispose();
}

/// <inheritdoc/>
internal sealed unsafe class PackedLayers<TLanes, T> : PackedLayers where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    // Multiplications from which a product on all cores gains more than it costs to wait for their threads: this library's own, and libtorch's.
    private const long WorthAllCores = 1 << 20, WorthLibtorchsThreads = 1 << 23;

    private readonly PackedBackbone _backbone;
    private readonly PackedParts<TLanes, T> _weights;
    private readonly List<PackedRows<TLanes, T>> _parts = [];
    private readonly int _hidden, _wide, _keyWidth, _layerCount;
    private (Pass Pass, RowRange[] Ranges)? _open;

    public PackedLayers(PackedBackbone backbone)
    {
        (_hidden, _wide, _keyWidth, _layerCount) = (backbone.Config.HiddenSize, backbone.Config.IntermediateSize, backbone.KeyWidth, backbone.Layers.Count);
        (_backbone, _weights) = (backbone, new PackedParts<TLanes, T>(backbone));
    }

    public override bool HasOwnProducts => _weights.HasOwnProducts;

    public override torch.Tensor ForwardMixed(PackedBatch batch, int[] readPositions, IReadOnlyList<PromptedRows> prompts, bool keep)
    {
        using var scope = torch.NewDisposeScope();
        bool varies = prompts is not [{ Embedded: null, Dropout: var dropout }] || dropout?.InBackbone(_backbone.EmbeddingDropout) > 0;
        var pass = new Pass(batch, readPositions, prompts, _keyWidth, varies ? null : _weights.Kept?.Find(batch, _weights.Embeddings?.HasPositions == true ? prompts[0].Prompt.Length : null, fill: keep));
        var ranges = pass.Split(ComputeThread.ThreadCount);
        while (_parts.Count < ranges.Length) _parts.Add(new PackedRows<TLanes, T>(_backbone, _weights));
        _weights.Rotary?.Reserve(pass.LongestPrefix + ranges.Max(range => range.LongestRow));
        var result = torch.empty(readPositions.Length, _hidden);
        float* to = Buffers.At(result);
        try
        {
            Run(ranges, (i, cores) => _parts[i].Forward(pass, ranges[i], to, cores, keep));
        }
        catch
        {
            // Rows may have been given to pieces that were not computed.
            _weights.Kept?.Clear();
            throw;
        }
        _open = keep ? (pass, ranges) : null;
        return result.MoveToOuterDisposeScope();
    }

    public override (torch.Tensor?[] Prefixes, torch.Tensor? Embedded) BackwardMixed(torch.Tensor gradient, bool toEmbedded)
    {
        var (pass, ranges) = _open ?? throw new InvalidOperationException("A backward pass follows a forward pass that kept its states.");
        _open = null;
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var embedded = toEmbedded ? torch.empty(pass.Batch.Ids.Length, _hidden) : null;
        torch.Tensor?[] prefixes = [.. pass.Runs.Select(run => run.PrefixLength == 0 ? null : torch.zeros(run.PrefixLength, 2L * _layerCount * _keyWidth))];
        float* from = Buffers.At(gradient.contiguous()), to = embedded is null ? null : Buffers.At(embedded);
        var parts = new float*[ranges.Length];
        Run(ranges, (i, cores) => parts[i] = _parts[i].Backward(pass, ranges[i], from, to, cores));
        // In the order of the rows, so that the sum does not depend on which thread was first.
        for (int i = 0; i < ranges.Length; i++)
        {
            float* part = parts[i];
            foreach (var (run, _) in pass.RunsOf(ranges[i]))
                if (prefixes[run.Index] is { } sum) part = AddPrefix(part, Buffers.At(sum), run.PrefixLength);
        }
        foreach (var prefix in prefixes) prefix?.MoveToOuterDisposeScope();
        return (prefixes, embedded?.MoveToOuterDisposeScope());
    }

    // From [2L, P, W] to [P, 2L, W]. Returns what follows the first.
    private float* AddPrefix(float* part, float* sum, int length)
    {
        int chunks = 2 * _layerCount;
        for (int chunk = 0; chunk < chunks; chunk++)
            for (int p = 0; p < length; p++, part += _keyWidth)
            {
                float* to = sum + ((long)p * chunks + chunk) * _keyWidth;
                for (int k = 0; k < _keyWidth; k += TLanes.Count) (TLanes.Load(to + k) + TLanes.Load(part + k)).Store(to + k);
            }
        return part;
    }

    // A single part runs on all cores, where it is large enough. Where products are libtorch's they alone do: its threads and ours would be in each other's way.
    private void Run(RowRange[] ranges, Action<int, int> body)
    {
        bool isAlone = ranges.Length == 1 && (long)ranges[0].PieceCount * _hidden * _wide >= (HasOwnProducts ? WorthAllCores : WorthLibtorchsThreads);
        ComputeThread.SetLibtorchThreads(isAlone && !HasOwnProducts ? ComputeThread.ThreadCount : 1);
        if (isAlone) body(0, HasOwnProducts ? ComputeThread.ThreadCount : 1);
        else Workers.Run(ranges.Length, i => body(i, 1));
    }

    public override void Trim()
    {
        _open = null;
        _weights.Kept?.Clear();
        foreach (var part in _parts) part.Trim();
    }

    public override void Dispose()
    {
        _open = null;
        foreach (var part in _parts) part.Dispose();
        _weights.Dispose();
    }
}
