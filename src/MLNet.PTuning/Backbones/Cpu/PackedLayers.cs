// The layers of a frozen post-norm encoder on the CPU, without padding and without autograd: a part of the batch's rows on every core.
using System.Runtime.Intrinsics;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Calls come from one thread.</summary>
internal abstract class PackedLayers : IDisposable
{
    /// <summary>Whether a backbone is of the kind that is computed here: on the CPU, frozen, with a GELU, and of sizes that are whole vectors.</summary>
    public static bool Compute(BackboneConfig config, IReadOnlyList<LayerWeights> layers) =>
        (Activation.IsGelu(config.HiddenActivation) || Activation.IsTanhGelu(config.HiddenActivation)) && Fit<Lanes128>(config)
        && layers.All(l => l.IsFrozen && l.Query.Bias is not null) && layers[0].Query.Weight.device.type == DeviceType.CPU;

    /// <summary>Whether hidden states before the first layer are computed here too: those of a family that does not project its embeddings.</summary>
    public static bool Embeds(Embeddings embeddings) => embeddings.Projection is null;

    /// <summary>The layers in the widest vectors that the processor and the backbone's sizes have room for.</summary>
    /// <param name="config">The backbone's.</param>
    /// <param name="embeddings">What comes before its layers; must outlive the engine, as must <paramref name="layers"/>.</param>
    /// <param name="layers">Their weights.</param>
    /// <param name="attentionOutputDropout">Probability after the attention's output layer.</param>
    /// <param name="outputDropout">Probability after the feed-forward's output layer.</param>
    /// <param name="halves">Whether frozen weights and the operands of products are bfloat16.</param>
    public static PackedLayers Create(BackboneConfig config, Embeddings embeddings, IReadOnlyList<LayerWeights> layers, double attentionOutputDropout, double outputDropout, bool halves)
    {
        if (Vector512.IsHardwareAccelerated && Fit<Lanes512>(config)) return Of<Lanes512>();
        return Vector256.IsHardwareAccelerated && Fit<Lanes256>(config) ? Of<Lanes256>() : Of<Lanes128>();

        PackedLayers Of<TLanes>() where TLanes : struct, ILanes<TLanes> => halves
            ? new PackedLayers<TLanes, BFloat16>(config, embeddings, layers, attentionOutputDropout, outputDropout)
            : new PackedLayers<TLanes, float>(config, embeddings, layers, attentionOutputDropout, outputDropout);
    }

    /// <summary>Whether its products are this library's own, so that libtorch's threads are not used for them.</summary>
    public abstract bool HasOwnProducts { get; }

    /// <summary>Hidden states of the last layer at the positions read.</summary>
    /// <param name="embedded">Hidden states before the first layer [T, H]; null for those of the backbone's embeddings, where it computes them itself (<see cref="Embeds"/>).</param>
    /// <param name="batch">The rows.</param>
    /// <param name="readPositions">Positions in the packed batch, ascending: [R].</param>
    /// <param name="prompt">Nothing but keys and values, or nothing.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    /// <param name="keep">Whether <see cref="Backward"/> follows.</param>
    /// <returns>[R, H].</returns>
    public abstract torch.Tensor Forward(torch.Tensor? embedded, PackedBatch batch, int[] readPositions, PromptState prompt, Dropout? dropout, bool keep);

    /// <summary>From the gradient of the last <see cref="Forward"/>'s result to those of the prompt and of the embedded rows.</summary>
    /// <param name="gradient">[R, H].</param>
    /// <param name="toEmbedded">Whether that of the embedded rows is needed.</param>
    /// <returns>[P, 2·L·H], or null without a prefix; [T, H] or null.</returns>
    public abstract (torch.Tensor? Prefix, torch.Tensor? Embedded) Backward(torch.Tensor gradient, bool toEmbedded);

    /// <summary>Frees the memory of past passes.</summary>
    public abstract void Trim();

    public abstract void Dispose();

    private static bool Fit<TLanes>(BackboneConfig config) where TLanes : struct, ILanes<TLanes> =>
        config.HiddenSize % TLanes.Count == 0 && config.IntermediateSize % TLanes.Count == 0;
}

/// <inheritdoc/>
internal sealed unsafe class PackedLayers<TLanes, T> : PackedLayers where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    private readonly FrozenLayer<TLanes, T>[] _layers;
    private readonly Func<PackedRows<TLanes, T>> _newPart;
    private readonly List<PackedRows<TLanes, T>> _parts = [];
    // Floats of the first layer that are kept: 256 MiB.
    private const long MostKept = 1 << 26;

    // Multiplications from which a product on all cores gains more than it costs to wait for their threads: this library's own, and libtorch's.
    private const long WorthAllCores = 1 << 20, WorthLibtorchsThreads = 1 << 23;

    private readonly int _hidden, _wide;
    private readonly double _embeddedDropout;
    private readonly FrozenEmbeddings<TLanes>? _embeddings;
    private readonly KeptProjections? _kept;
    private (Pass Pass, RowRange[] Ranges)? _open;

    public PackedLayers(BackboneConfig config, Embeddings embeddings, IReadOnlyList<LayerWeights> layers, double attentionOutputDropout, double outputDropout)
    {
        (_hidden, _wide) = (config.HiddenSize, config.IntermediateSize);
        _embeddings = Embeds(embeddings) ? new FrozenEmbeddings<TLanes>(embeddings) : null;
        _embeddedDropout = config.HiddenDropout;
        // Layers that share their weights share them here too.
        var frozen = new Dictionary<LayerWeights, FrozenLayer<TLanes, T>>(ReferenceEqualityComparer.Instance);
        foreach (var layer in layers)
            if (!frozen.ContainsKey(layer)) frozen[layer] = new FrozenLayer<TLanes, T>(layer);
        _layers = [.. layers.Select(l => frozen[l])];
        _kept = HasOwnProducts && layers.Count > 1 ? new KeptProjections(3 * _hidden, (int)(MostKept / (3 * _hidden))) : null;
        _newPart = () => new PackedRows<TLanes, T>(config, _embeddings, _layers, _kept, attentionOutputDropout, outputDropout);
    }

    public override bool HasOwnProducts => _layers[0].QueryKeyValue.HasOwnProduct;

    public override torch.Tensor Forward(torch.Tensor? embedded, PackedBatch batch, int[] readPositions, PromptState prompt, Dropout? dropout, bool keep)
    {
        using var scope = torch.NewDisposeScope();
        bool varies = embedded is not null || dropout?.InBackbone(_embeddedDropout) > 0;
        var pass = new Pass(batch, readPositions, prompt, _hidden, dropout, varies ? null : _kept?.Find(batch, prompt.Length, fill: keep));
        var ranges = pass.Split(ComputeThread.ThreadCount);
        while (_parts.Count < ranges.Length) _parts.Add(_newPart());
        var result = torch.empty(readPositions.Length, _hidden);
        float* from = embedded is null ? null : Buffers.At(embedded), to = Buffers.At(result);
        try
        {
            Run(ranges, (i, cores) => _parts[i].Forward(pass, ranges[i], from, to, cores, keep));
        }
        catch
        {
            // Rows may have been given to pieces that were not computed.
            _kept?.Clear();
            throw;
        }
        _open = keep ? (pass, ranges) : null;
        return result.MoveToOuterDisposeScope();
    }

    public override (torch.Tensor? Prefix, torch.Tensor? Embedded) Backward(torch.Tensor gradient, bool toEmbedded)
    {
        var (pass, ranges) = _open ?? throw new InvalidOperationException("A backward pass follows a forward pass that kept its states.");
        _open = null;
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var embedded = toEmbedded ? torch.empty(pass.Batch.Ids.Length, _hidden) : null;
        var prefix = pass.PrefixLength == 0 ? null : torch.zeros(pass.PrefixLength, 2L * _layers.Length * _hidden);
        float* from = Buffers.At(gradient.contiguous()), to = embedded is null ? null : Buffers.At(embedded);
        var parts = new float*[ranges.Length];
        Run(ranges, (i, cores) => parts[i] = _parts[i].Backward(pass, ranges[i], from, to, cores));
        // In the order of the rows, so that the sum does not depend on which thread was first.
        if (prefix is not null)
            foreach (float* part in parts) AddPrefix(part, Buffers.At(prefix), pass.PrefixLength);
        return (prefix?.MoveToOuterDisposeScope(), embedded?.MoveToOuterDisposeScope());
    }

    // From [2L, P, H] to [P, 2L, H].
    private void AddPrefix(float* part, float* sum, int length)
    {
        int chunks = 2 * _layers.Length;
        for (int chunk = 0; chunk < chunks; chunk++)
            for (int p = 0; p < length; p++, part += _hidden)
            {
                float* to = sum + ((long)p * chunks + chunk) * _hidden;
                for (int k = 0; k < _hidden; k += TLanes.Count) (TLanes.Load(to + k) + TLanes.Load(part + k)).Store(to + k);
            }
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
        _kept?.Clear();
        foreach (var part in _parts) part.Trim();
    }

    public override void Dispose()
    {
        _open = null;
        _kept?.Dispose();
        _embeddings?.Dispose();
        foreach (var part in _parts) part.Dispose();
        foreach (var layer in _layers.Distinct()) layer.Dispose();
    }
}
