// The layers of a frozen post-norm encoder on the CPU, without padding and without autograd: forward, and backward to the prompt alone.
using System.Runtime.Intrinsics;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// Matrix products are libtorch's; all else is one managed pass each. The backward pass is written out by hand: frozen weights get no gradients,
/// and nothing runs below the first layer's keys and values. Calls come from one thread.
/// </summary>
internal abstract class PackedLayers : IDisposable
{
    /// <summary>The engine for a backbone; null where it is of another kind than this one computes.</summary>
    public static PackedLayers? TryCreate(BackboneConfig config, IReadOnlyList<LayerWeights> layers, double attentionOutputDropout, double outputDropout)
    {
        if (config.HiddenActivation != "gelu" || !layers.All(l => l.IsFrozen && l.Query.Bias is not null) || layers[0].Query.Weight.device.type != DeviceType.CPU) return null;
        if (Vector512.IsHardwareAccelerated && config.HiddenSize % Lanes512.Count == 0) return new PackedLayers<Lanes512>(config, layers, attentionOutputDropout, outputDropout);
        if (Vector256.IsHardwareAccelerated && config.HiddenSize % Lanes256.Count == 0) return new PackedLayers<Lanes256>(config, layers, attentionOutputDropout, outputDropout);
        return config.HiddenSize % Lanes128.Count == 0 ? new PackedLayers<Lanes128>(config, layers, attentionOutputDropout, outputDropout) : null;
    }

    /// <summary>Hidden states of the last layer at the places read.</summary>
    /// <param name="embedded">Hidden states before the first layer: [T, H].</param>
    /// <param name="batch">The rows.</param>
    /// <param name="readAt">Places, ascending: [R].</param>
    /// <param name="prompt">Nothing but keys and values, or nothing.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    /// <param name="keep">Whether <see cref="Backward"/> follows.</param>
    /// <returns>[R, H].</returns>
    public abstract torch.Tensor Forward(torch.Tensor embedded, PackedBatch batch, int[] readAt, PromptState prompt, Dropout? dropout, bool keep);

    /// <summary>From the gradient of what the last <see cref="Forward"/> gave [R, H] to those of the prompt's keys and values: [P, H] each, keys and values of layer 0 first.</summary>
    public abstract IReadOnlyList<torch.Tensor> Backward(torch.Tensor gradient);

    /// <summary>Gives back the memory of past passes.</summary>
    public abstract void Trim();

    public abstract void Dispose();
}

/// <inheritdoc/>
internal sealed unsafe class PackedLayers<TLanes> : PackedLayers where TLanes : struct, ILanes<TLanes>
{
    private readonly BackboneConfig _config;
    private readonly IReadOnlyList<LayerWeights> _layers;
    private readonly torch.Tensor[] _queryKeyValue, _queryKeyValueBias;
    private readonly double _attentionOutputDropout, _outputDropout;
    private readonly Buffers _buffers = new();
    private readonly PackedAttention<TLanes> _attention = new();
    private readonly int _hidden, _wide;
    private Pass? _pass;

    public PackedLayers(BackboneConfig config, IReadOnlyList<LayerWeights> layers, double attentionOutputDropout, double outputDropout)
    {
        (_config, _layers, _hidden, _wide) = (config, layers, config.HiddenSize, config.IntermediateSize);
        (_attentionOutputDropout, _outputDropout) = (attentionOutputDropout, outputDropout);
        _queryKeyValue = Fuse(l => [l.Query.Weight, l.Key.Weight, l.Value.Weight]);
        _queryKeyValueBias = Fuse(l => [l.Query.Bias!, l.Key.Bias!, l.Value.Bias!]);
    }

    public override torch.Tensor Forward(torch.Tensor embedded, PackedBatch batch, int[] readAt, PromptState prompt, Dropout? dropout, bool keep)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var pass = new Pass(batch, readAt, prompt, dropout?.StepSeed);
        int pieces = pass.PieceCount, last = _layers.Count - 1;
        var x = _buffers.Take("x", 0, pieces, _hidden);
        x.copy_(embedded);
        for (int l = 0; l <= last; l++)
        {
            int slot = keep ? l : 0, rows = l == last ? pass.ReadCount : pieces;
            var w = _layers[l];
            var asked = l == last ? x.index_select(0, pass.Places) : x;
            var attention = Attend(pass, l, slot, x, asked, rows);
            var a = _buffers.Take("attended", 0, rows, _hidden).addmm_(attention, w.AttentionOutput.Weight.t(), beta: 0);
            Norm(a, w.AttentionOutput.Bias!, pass.Mask(_attentionOutputDropout, l, Pass.AttentionOutput), asked, w.AttentionNorm, "attention norm", slot, keep);

            var u = _buffers.Take("widened", slot, rows, _wide).addmm_(a, w.Intermediate.Weight.t(), beta: 0);
            var g = _buffers.Take("activated", 0, rows, _wide);
            float* uAt = Buffers.At(u), gAt = Buffers.At(g), biasAt = Buffers.At(w.Intermediate.Bias!);
            Workers.Run(rows, _wide * 4, (from, to) => Elementwise<TLanes>.BiasGelu(uAt, biasAt, gAt, _wide, from, to));

            x = _buffers.Take(l == last ? "read" : "x", 0, rows, _hidden).addmm_(g, w.Output.Weight.t(), beta: 0);
            Norm(x, w.Output.Bias!, pass.Mask(_outputDropout, l, Pass.Output), a, w.OutputNorm, "output norm", slot, keep);
        }
        _pass = keep ? pass.Kept() : null;
        return x.clone().MoveToOuterDisposeScope();
    }

    public override IReadOnlyList<torch.Tensor> Backward(torch.Tensor gradient)
    {
        var pass = _pass ?? throw new InvalidOperationException("A backward pass follows a forward pass that kept its states.");
        _pass = null;
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        int pieces = pass.PieceCount, last = _layers.Count - 1;
        var prefixGradients = new torch.Tensor[2 * _layers.Count];
        var g = _buffers.Take("read gradient", 0, pass.ReadCount, _hidden);
        g.copy_(gradient);
        for (int l = last; l >= 0; l--)
        {
            int rows = l == last ? pass.ReadCount : pieces;
            var w = _layers[l];
            var dropped = NormBackward(g, w.OutputNorm, "output norm", l, pass.Mask(_outputDropout, l, Pass.Output), rows);
            var wide = _buffers.Take("activated", 0, rows, _wide).addmm_(dropped, w.Output.Weight, beta: 0);
            float* wideAt = Buffers.At(wide), uAt = Buffers.At(_buffers.Take("widened", l, rows, _wide));
            Workers.Run(rows, _wide * 4, (from, to) => Elementwise<TLanes>.GeluBackward(wideAt, uAt, _wide, from, to));
            g.addmm_(wide, w.Intermediate.Weight);

            dropped = NormBackward(g, w.AttentionNorm, "attention norm", l, pass.Mask(_attentionOutputDropout, l, Pass.AttentionOutput), rows);
            var mixed = _buffers.Take("mixed gradient", 0, rows, _hidden).addmm_(dropped, w.AttentionOutput.Weight, beta: 0);
            (prefixGradients[2 * l], prefixGradients[2 * l + 1]) = AttendBackward(pass, l, mixed, rows, out var own, out var queries);
            if (l == 0) break;

            if (l < last)
            {
                g.addmm_(own!, _queryKeyValue[l]);
                continue;
            }
            g.addmm_(queries!, _queryKeyValue[l].narrow(0, 0, _hidden));
            var all = _buffers.Take("gradient", 0, pieces, _hidden).addmm_(own!, _queryKeyValue[l].narrow(0, _hidden, 2 * _hidden), beta: 0);
            all.index_add_(0, pass.Places, g, 1);
            g = all;
        }
        foreach (var prefixGradient in prefixGradients) prefixGradient.MoveToOuterDisposeScope();
        return prefixGradients;
    }

    public override void Trim()
    {
        _pass = null;
        _buffers.Dispose();
    }

    public override void Dispose()
    {
        Trim();
        _attention.Dispose();
        foreach (var tensor in _queryKeyValue.Concat(_queryKeyValueBias)) tensor.Dispose();
    }

    private torch.Tensor Attend(Pass pass, int l, int slot, torch.Tensor x, torch.Tensor asked, int rows)
    {
        bool last = l == _layers.Count - 1;
        int pieces = pass.PieceCount, width = last ? 2 * _hidden : 3 * _hidden, skip = last ? _hidden : 0;
        var own = _buffers.Take(last ? "key value" : "query key value", slot, pieces, width).addmm_(x, _queryKeyValue[l].narrow(0, skip, width).t(), beta: 0);
        float* ownAt = Buffers.At(own), biasAt = Buffers.At(_queryKeyValueBias[l]);
        Workers.Run(pieces, width, (from, to) => Elementwise<TLanes>.AddBias(ownAt, biasAt + skip, width, from, to));
        if (last)
        {
            float* queryAt = Buffers.At(_buffers.Take("query", slot, rows, _hidden).addmm_(asked, _queryKeyValue[l].narrow(0, 0, _hidden).t(), beta: 0));
            Workers.Run(rows, _hidden, (from, to) => Elementwise<TLanes>.AddBias(queryAt, biasAt, _hidden, from, to));
        }
        var operands = Operands(pass, l, slot, rows);
        _attention.Forward(operands);
        return _buffers.Take("mixed", slot, rows, _hidden);
    }

    private (torch.Tensor Keys, torch.Tensor Values) AttendBackward(Pass pass, int l, torch.Tensor mixedGradient, int rows, out torch.Tensor? own, out torch.Tensor? queries)
    {
        bool last = l == _layers.Count - 1;
        int pieces = pass.PieceCount, width = last ? 2 * _hidden : 3 * _hidden, skip = last ? _hidden : 0;
        var operands = Operands(pass, l, l, rows);
        own = l == 0 ? null : _buffers.Take("own gradient", last ? 1 : 0, pieces, width);
        queries = l > 0 && last ? _buffers.Take("query gradient", 0, rows, _hidden) : null;
        var gradients = new AttentionGradients { Output = Buffers.At(mixedGradient) };
        if (own is not null)
        {
            float* ownAt = Buffers.At(own);
            gradients.Queries = last ? Buffers.At(queries!) : ownAt;
            gradients.Keys = ownAt + _hidden - skip;
            gradients.Values = ownAt + 2 * _hidden - skip;
        }
        var keys = torch.zeros(operands.PrefixLength, _hidden);
        var values = torch.zeros(operands.PrefixLength, _hidden);
        gradients.PrefixKeys = Buffers.At(keys);
        gradients.PrefixValues = Buffers.At(values);
        _attention.Backward(operands, gradients);
        return (keys, values);
    }

    private AttentionOperands Operands(Pass pass, int l, int slot, int rows)
    {
        bool last = l == _layers.Count - 1;
        int pieces = pass.PieceCount, width = last ? 2 * _hidden : 3 * _hidden, skip = last ? _hidden : 0;
        float* own = Buffers.At(_buffers.Take(last ? "key value" : "query key value", slot, pieces, width));
        var (prefixKeys, prefixValues) = pass.Prefix(l);
        return new AttentionOperands
        {
            Queries = last ? Buffers.At(_buffers.Take("query", slot, rows, _hidden)) : own,
            Keys = own + _hidden - skip,
            Values = own + 2 * _hidden - skip,
            QueryStride = last ? _hidden : width,
            KeyStride = width,
            PrefixKeys = prefixKeys is null ? null : Buffers.At(prefixKeys),
            PrefixValues = prefixValues is null ? null : Buffers.At(prefixValues),
            PrefixStride = _hidden,
            PrefixLength = pass.PrefixLength,
            Heads = _config.HeadCount,
            HeadSize = _config.HeadSize,
            QueryStarts = last ? pass.ReadStarts : pass.Batch.RowStarts,
            KeyStarts = pass.Batch.RowStarts,
            Output = Buffers.At(_buffers.Take("mixed", slot, rows, _hidden)),
            LogSums = Buffers.At(_buffers.Take("log sums", slot, rows, _config.HeadCount)),
            DropProbabilities = pass.Mask(_config.AttentionDropout, l, Pass.Probabilities),
            DropPrefix = pass.Mask(pass.PrefixDropout, l, Pass.PrefixSite),
        };
    }

    private void Norm(torch.Tensor x, torch.Tensor bias, DropMask mask, torch.Tensor residual, Norm norm, string name, int slot, bool keep)
    {
        int rows = (int)x.shape[0];
        float* xAt = Buffers.At(x), biasAt = Buffers.At(bias), residualAt = Buffers.At(residual);
        float* normalised = keep ? Buffers.At(_buffers.Take(name, slot, rows, _hidden)) : null;
        float* inverse = keep ? Buffers.At(_buffers.Take(name + " scale", slot, rows, 1)) : null;
        var weights = Of(norm);
        Workers.Run(rows, _hidden * 2, (from, to) => Elementwise<TLanes>.DropAddNorm(xAt, biasAt, mask, residualAt, weights, normalised, inverse, from, to));
    }

    private torch.Tensor NormBackward(torch.Tensor gradient, Norm norm, string name, int slot, DropMask mask, int rows)
    {
        var dropped = _buffers.Take("dropped", 0, rows, _hidden);
        float* gradientAt = Buffers.At(gradient), droppedAt = Buffers.At(dropped);
        float* normalised = Buffers.At(_buffers.Take(name, slot, rows, _hidden)), inverse = Buffers.At(_buffers.Take(name + " scale", slot, rows, 1));
        var weights = Of(norm);
        Workers.Run(rows, _hidden * 2, (from, to) => Elementwise<TLanes>.DropAddNormBackward(gradientAt, normalised, inverse, weights, mask, droppedAt, from, to));
        return dropped;
    }

    private NormWeights Of(Norm norm) => new(Buffers.At(norm.Weight), Buffers.At(norm.Bias), _hidden, (float)norm.Epsilon);

    // One matrix for queries, keys and values of a layer; layers that share their weights share it.
    private torch.Tensor[] Fuse(Func<LayerWeights, torch.Tensor[]> parts)
    {
        var fused = new Dictionary<LayerWeights, torch.Tensor>(ReferenceEqualityComparer.Instance);
        foreach (var layer in _layers)
            if (!fused.ContainsKey(layer)) fused[layer] = torch.cat(parts(layer), 0).DetachFromDisposeScope();
        return [.. _layers.Select(l => fused[l])];
    }
}
