// The layers for a range of a batch's rows on one thread: forward, and backward to the prompt alone.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// Matrix products are those of <see cref="FrozenMatrix{TLanes, T}"/>; all else is one managed pass each. The backward pass is written out by hand: frozen weights get no gradients,
/// and nothing runs below the first layer's keys and values unless the embeddings' gradient is needed.
/// </summary>
/// <typeparam name="TLanes">The vectors computed with.</typeparam>
/// <typeparam name="T">The type of the products' operands: <see cref="float"/> or <see cref="BFloat16"/>.</typeparam>
internal sealed unsafe class PackedRows<TLanes, T> : IDisposable where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    private readonly Buffers _buffers = new();
    // One for each thread that computes attention.
    private readonly List<Scratch> _scratch = [];
    private readonly Scratch _ofProducts = new();
    private readonly PackedBackbone _backbone;
    private readonly PackedParts<TLanes, T> _parts;
    private readonly IReadOnlyList<FrozenLayer<TLanes, T>> _layers;
    private readonly ResidualStream<TLanes, T> _stream;
    private readonly int _hidden, _wide, _last, _queryWidth, _keyWidth;

    /// <param name="backbone">Its form.</param>
    /// <param name="parts">Its weights.</param>
    public PackedRows(PackedBackbone backbone, PackedParts<TLanes, T> parts)
    {
        (_backbone, _parts, _layers) = (backbone, parts, parts.Layers);
        (_hidden, _wide, _last, _queryWidth, _keyWidth) = (backbone.Config.HiddenSize, backbone.Config.IntermediateSize, _layers.Count - 1, backbone.QueryWidth, backbone.KeyWidth);
        _stream = new(_buffers, _hidden, backbone.FinalNorm is not null);
    }

    /// <summary>Hidden states of the last layer at the positions read.</summary>
    /// <param name="pass">What all parts of the batch have in common.</param>
    /// <param name="rows">This part's rows.</param>
    /// <param name="result">[R, H], of the whole batch.</param>
    /// <param name="cores">Threads of each product.</param>
    /// <param name="keep">Whether <see cref="Backward"/> follows.</param>
    public void Forward(Pass pass, RowRange rows, float* result, int cores, bool keep)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        _buffers.Begin();
        var x = _stream.Take("x", rows.PieceCount);
        var runs = pass.RunsOf(rows);
        foreach (var (run, part) in runs)
        {
            float* embedded = run.EmbeddedFrom(part), first = x.Values.At + (long)(part.FirstPiece - rows.FirstPiece) * _hidden;
            if (embedded is not null) _stream.Copy(embedded, first, part.PieceCount);
            else _parts.Embeddings!.Fill(pass.Batch, part, run.PrefixLength, run.Mask(_backbone.EmbeddingDropout, 0, PromptRun.Embedded, run.FirstPiece), first, _ofProducts);
        }
        _stream.Begin(x, FirstNorm, rows.PieceCount, keep);
        for (int l = 0; l <= _last; l++)
        {
            var w = _layers[l];
            int slot = keep ? l : 0, count = QueryCount(rows, l);
            var selected = l == _last ? _stream.Select(x, pass, rows) : x;
            var mixed = Attend(pass, rows, runs, l, slot, x, selected, cores);

            var product = _buffers.Take<T>("product", 0, count, _hidden);
            w.AttentionOutput.Apply(mixed, product, cores, _ofProducts);
            var attended = _stream.Take("attended", count);
            _stream.Add(product, w.AttentionOutputBias, selected.Values, AfterAttention(runs, rows, l), attended, slot, count, cores, keep, isEnd: false);

            var widened = _buffers.Take<T>("widened", slot, count, _parts.Function.InputWidth);
            w.Intermediate.Apply(attended.Operand, widened, cores, _ofProducts);
            var active = _buffers.Take<T>("active", 0, count, _wide);
            Workers.Share(count, cores, (_, from, end) => _parts.Function.Apply(widened.At + (long)from * _parts.Function.InputWidth, w, active.At + (long)from * _wide, end - from, keep));

            w.Output.Apply(active, product, cores, _ofProducts);
            x = _stream.Take(l == _last ? "read" : "x", count);
            _stream.Add(product, w.OutputBias, attended.Values, AfterFeedForward(runs, rows, l), x, slot, count, cores, keep, isEnd: l == _last);
        }
        _stream.Copy(x.Values.At, result + (long)rows.FirstRead * _hidden, rows.ReadCount);
    }

    /// <summary>From the gradient of the last <see cref="Forward"/>'s result to those of the prompts' keys and values, and of the embedded rows where needed.</summary>
    /// <param name="pass">As in <see cref="Forward"/>.</param>
    /// <param name="rows">As in <see cref="Forward"/>.</param>
    /// <param name="gradient">[R, H], of the whole batch.</param>
    /// <param name="embeddedGradient">[T, H], of the whole batch; null where not needed.</param>
    /// <param name="cores">As in <see cref="Forward"/>.</param>
    /// <returns>[2L, P, W] of each of <see cref="Pass.RunsOf"/>, one after the other, keys and values of layer 0 first; overwritten by the next call.</returns>
    public float* Backward(Pass pass, RowRange rows, float* gradient, float* embeddedGradient, int cores)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        _buffers.Begin();
        var runs = pass.RunsOf(rows);
        int vectors = 2 * _layers.Count * runs.Sum(r => r.Run.PrefixLength);
        float* prefixGradients = _buffers.Take<float>("prefix gradients", 0, Math.Max(vectors, 1), _keyWidth).At;
        new Span<float>(prefixGradients, vectors * _keyWidth).Clear();

        // Gradients of a residual: g is its values', added its operand's.
        var g = _buffers.Take<float>("gradient", 1, rows.ReadCount, _hidden);
        _stream.Copy(gradient + (long)rows.FirstRead * _hidden, g.At, rows.ReadCount);
        T* added = null;
        for (int l = _last; l >= 0; l--)
        {
            var w = _layers[l];
            int count = QueryCount(rows, l);
            var product = _buffers.Take<T>("product", 0, count, _hidden);
            var dropped = _stream.Backward(g, added, AfterFeedForward(runs, rows, l), l, count);
            var active = _buffers.Take<T>("active", 0, count, _wide);
            w.Output.ApplyBackward(dropped, active, cores, _ofProducts);
            var widened = _parts.Function.Backward(active, _buffers.Take<T>("widened", l, count, _parts.Function.InputWidth), count);
            w.Intermediate.ApplyBackward(widened, product, cores, _ofProducts);

            dropped = _stream.Backward(g, product.At, AfterAttention(runs, rows, l), l, count);
            var mixed = _buffers.Take<T>("mixed", 0, count, _queryWidth);
            w.AttentionOutput.ApplyBackward(dropped, mixed, cores, _ofProducts);
            bool goesOn = l > 0 || embeddedGradient is not null;
            var (queries, own) = AttendBackward(pass, rows, runs, l, mixed, prefixGradients, goesOn);
            if (!goesOn) break;

            var all = _buffers.Take<T>("product", 1, rows.PieceCount, _hidden);
            if (l == _last)
            {
                w.Query.ApplyBackward(queries, product, cores, _ofProducts);
                g = _stream.Scatter(g, product, pass, rows);
                w.KeyValue.ApplyBackward(own, all, cores, _ofProducts);
                _stream.AddRead(product, all, pass, rows);
            }
            else w.QueryKeyValue.ApplyBackward(own, all, cores, _ofProducts);
            added = all.At;
        }
        if (embeddedGradient is not null) _stream.BackwardToFirst(g, added, FirstNorm, embeddedGradient + (long)rows.FirstPiece * _hidden, rows.PieceCount);
        return prefixGradients;
    }

    /// <summary>Frees the memory of past passes.</summary>
    public void Trim() => _buffers.Dispose();

    public void Dispose()
    {
        Trim();
        foreach (var scratch in _scratch) scratch.Dispose();
        _ofProducts.Dispose();
    }

    private int QueryCount(RowRange rows, int l) => l == _last ? rows.ReadCount : rows.PieceCount;

    private int FirstQuery(RowRange rows, int l) => l == _last ? rows.FirstRead : rows.FirstPiece;

    private int FirstQuery(PromptRun run, int l) => l == _last ? run.FirstRead : run.FirstPiece;

    private NormPlace FirstNorm => new("first norm", _layers[0].AttentionNorm);

    // Where norms come first, the norm after a sum is the next sublayer's.
    private NormPlace AfterAttention((PromptRun Run, RowRange Rows)[] runs, RowRange rows, int l) =>
        new("attention norm", _backbone.FinalNorm is null ? _layers[l].AttentionNorm : _layers[l].OutputNorm, Masks(runs, rows, _backbone.AttentionOutputDropout, l, PromptRun.AttentionOutput));

    private NormPlace AfterFeedForward((PromptRun Run, RowRange Rows)[] runs, RowRange rows, int l) =>
        new("output norm", _backbone.FinalNorm is null ? _layers[l].OutputNorm : l == _last ? _parts.FinalNorm : _layers[l + 1].AttentionNorm, Masks(runs, rows, _backbone.OutputDropout, l, PromptRun.Output));

    private MaskedRows[] Masks((PromptRun Run, RowRange Rows)[] runs, RowRange rows, double configured, int l, int site)
    {
        if (!Array.Exists(runs, r => r.Run.Mask(configured, l, site, 0).IsActive)) return [new(default, 0, QueryCount(rows, l))];
        return Array.ConvertAll(runs, r => new MaskedRows(r.Run.Mask(configured, l, site, FirstQuery(r.Run, l)), FirstQuery(r.Rows, l), QueryCount(r.Rows, l)));
    }

    private Matrix<T> Attend(Pass pass, RowRange rows, (PromptRun Run, RowRange Rows)[] runs, int l, int slot, Residual<T> x, Residual<T> selected, int cores)
    {
        var (queries, own) = TakeProjections("", l, slot, rows);
        if (l == _last) _layers[l].Query.Apply(selected.Operand, queries, cores, _ofProducts);
        if (l == 0 && pass.Kept is { } known) ProjectFirst(known, rows, x.Operand, own, cores);
        else (l == _last ? _layers[l].KeyValue : _layers[l].QueryKeyValue).Apply(x.Operand, own, cores, _ofProducts);
        var mixed = _buffers.Take<T>("mixed", 0, QueryCount(rows, l), _queryWidth);
        while (_scratch.Count < cores) _scratch.Add(new Scratch());
        foreach (var (run, part) in runs)
        {
            var operands = Operands(pass, rows, run, part, l, slot) with { Output = mixed.At + (long)(FirstQuery(part, l) - FirstQuery(rows, l)) * _queryWidth };
            Workers.Share(_backbone.Config.HeadCount, cores, (core, first, end) => new AttentionKernel<TLanes, T>(operands, _scratch[core], backward: false).Forward(first, end));
        }
        return mixed;
    }

    private void ProjectFirst(KeptRows known, RowRange rows, Matrix<T> x, Matrix<T> own, int cores)
    {
        int missing = known.Missing(rows);
        var operands = _buffers.Take<T>("missing", 0, missing, _hidden);
        var computed = _buffers.Take<T>("missing projections", 0, missing, _backbone.ProjectionWidth);
        _parts.Kept!.Fetch(known, rows, (float*)x.At, _hidden, (float*)operands.At, (float*)own.At);
        if (missing == 0) return;
        _layers[0].QueryKeyValue.Apply(operands, computed, cores, _ofProducts);
        _parts.Kept.Keep(known, rows, (float*)computed.At, (float*)own.At);
    }

    private (Matrix<T> Queries, Matrix<T> Own) AttendBackward(Pass pass, RowRange rows, (PromptRun Run, RowRange Rows)[] runs, int l, Matrix<T> mixedGradient, float* prefixGradients, bool goesOn)
    {
        var (queries, own) = goesOn ? TakeProjections(" gradient", l, 0, rows) : default;
        foreach (var (run, part) in runs)
        {
            var operands = Operands(pass, rows, run, part, l, l);
            long firstQuery = FirstQuery(part, l) - FirstQuery(rows, l), prefixSize = (long)run.PrefixLength * _keyWidth;
            T* keys = goesOn ? own.At + (long)(part.FirstPiece - rows.FirstPiece) * operands.KeyStride + KeyColumn(l) : null;
            float* ofLayer = prefixGradients + 2 * l * prefixSize;
            new AttentionKernel<TLanes, T>(operands, _scratch[0], backward: true).Backward(new AttentionGradients<T>
            {
                Output = mixedGradient.At + firstQuery * _queryWidth,
                Queries = goesOn ? queries.At + firstQuery * operands.QueryStride : null,
                Keys = keys,
                Values = goesOn ? keys + _keyWidth : null,
                PrefixKeys = ofLayer,
                PrefixValues = ofLayer + prefixSize,
            });
            prefixGradients += 2 * _layers.Count * prefixSize;
        }
        return (queries, own);
    }

    // Queries, keys and values are columns of one matrix; in the last layer, where few positions have queries, these have one of their own.
    private (Matrix<T> Queries, Matrix<T> Own) TakeProjections(string kind, int l, int slot, RowRange rows)
    {
        if (l == _last) return (_buffers.Take<T>("queries" + kind, 0, rows.ReadCount, _queryWidth), _buffers.Take<T>("keys and values" + kind, 0, rows.PieceCount, 2 * _keyWidth));
        var all = _buffers.Take<T>("queries, keys and values" + kind, slot, rows.PieceCount, _backbone.ProjectionWidth);
        return (all, all);
    }

    private int KeyColumn(int l) => l == _last ? 0 : _queryWidth;

    // Of a part of the rows that has one prompt.
    private AttentionOperands<T> Operands(Pass pass, RowRange rows, PromptRun run, RowRange part, int l, int slot)
    {
        var config = _backbone.Config;
        var (queries, own) = TakeProjections("", l, slot, rows);
        var (prefixKeys, prefixValues) = run.Prefix(l);
        int queryStride = l == _last ? _queryWidth : _backbone.ProjectionWidth, keyStride = l == _last ? 2 * _keyWidth : _backbone.ProjectionWidth;
        long firstQuery = FirstQuery(part, l) - FirstQuery(rows, l), firstKey = part.FirstPiece - rows.FirstPiece;
        T* keys = own.At + firstKey * keyStride + KeyColumn(l);
        return new AttentionOperands<T>
        {
            Queries = queries.At + firstQuery * queryStride,
            Keys = keys,
            Values = keys + _keyWidth,
            QueryStride = queryStride,
            KeyStride = keyStride,
            QueryBias = _layers[l].QueryBias,
            KeyBias = _layers[l].KeyBias,
            ValueBias = _layers[l].ValueBias,
            PrefixKeys = prefixKeys,
            PrefixValues = prefixValues,
            PrefixLength = run.PrefixLength,
            Heads = config.HeadCount,
            KeyHeads = config.KeyValueHeads,
            HeadSize = config.HeadSize,
            IsCausal = _backbone.IsCausal,
            Rotary = _parts.Rotary,
            QueryPieces = l == _last ? pass.ReadPositions : null,
            Rows = part,
            QueryStarts = l == _last ? part.ReadStarts : part.KeyStarts,
            FirstQuery = FirstQuery(part, l),
            LogSums = _buffers.Take<float>("log sums", slot, QueryCount(rows, l), config.HeadCount).At + firstQuery * config.HeadCount,
            DropProbabilities = run.Mask(config.AttentionDropout, l, PromptRun.Probabilities, FirstQuery(run, l) * config.HeadCount),
            DropPrefix = run.PrefixMask(l, config.KeyValueHeads),
        };
    }
}
