// The layers for a range of a batch's rows on one thread: forward, and backward to the prompt alone.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// Matrix products are those of <see cref="FrozenMatrix{TLanes, T}"/>; all else is one managed pass each. The backward pass is written out by hand: frozen weights get no gradients,
/// and nothing runs below the first layer's keys and values unless the embeddings' gradient is needed.
/// </summary>
/// <typeparam name="TLanes">The vectors computed with.</typeparam>
/// <typeparam name="T">The type of the products' operands: <see cref="float"/> or <see cref="BFloat16"/>.</typeparam>
internal sealed unsafe class PackedRows<TLanes, T>(BackboneConfig config, FrozenEmbeddings<TLanes>? embeddings, IReadOnlyList<FrozenLayer<TLanes, T>> layers, KeptProjections? kept,
    double attentionOutputDropout, double outputDropout) : IDisposable
    where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    private readonly Buffers _buffers = new();
    // One for each thread that computes attention.
    private readonly List<Scratch> _scratch = [];
    private readonly Scratch _ofProducts = new();
    private readonly int _hidden = config.HiddenSize, _wide = config.IntermediateSize, _last = layers.Count - 1;
    private readonly bool _tanhGelu = Activation.IsTanhGelu(config.HiddenActivation);

    /// <summary>Hidden states of the last layer at the positions read.</summary>
    /// <param name="pass">What all parts of the batch have in common.</param>
    /// <param name="rows">This part's rows.</param>
    /// <param name="embedded">Hidden states before the first layer, of the whole batch: [T, H]; null where they are those of the backbone's embeddings.</param>
    /// <param name="result">[R, H], of the whole batch.</param>
    /// <param name="cores">Threads of each product.</param>
    /// <param name="keep">Whether <see cref="Backward"/> follows.</param>
    public void Forward(Pass pass, RowRange rows, float* embedded, float* result, int cores, bool keep)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        _buffers.Begin();
        var x = TakeResidual("x", rows.PieceCount);
        if (embedded is null) embeddings!.Fill(pass, rows, pass.Mask(config.HiddenDropout, 0, Pass.Embedded), x.Values.At, _ofProducts);
        else Copy(embedded + (long)rows.FirstPiece * _hidden, x.Values.At, rows.PieceCount);
        Elementwise<TLanes, T>.Convert(x.Values.At, x.Operand.At, (long)rows.PieceCount * _hidden);
        for (int l = 0; l <= _last; l++)
        {
            var w = layers[l];
            int slot = keep ? l : 0, count = QueryCount(rows, l), first = FirstQuery(rows, l);
            var selected = l == _last ? Select(x, pass, rows) : x;
            var mixed = Attend(pass, rows, l, slot, x, selected, cores);

            var product = _buffers.Take<T>("product", 0, count, _hidden);
            w.AttentionOutput.Apply(mixed, product, cores, _ofProducts);
            var attended = TakeResidual("attended", count);
            Norm(product, w.AttentionOutputBias, pass.Mask(attentionOutputDropout, l, Pass.AttentionOutput), first, selected.Values, w.AttentionNorm, attended, "attention norm", slot, count, cores, keep);

            var widened = _buffers.Take<T>("widened", slot, count, _wide);
            w.Intermediate.Apply(attended.Operand, widened, cores, _ofProducts);
            var active = _buffers.Take<T>("active", 0, count, _wide);
            Activate(widened, w.IntermediateBias, active, count, cores, keep);

            w.Output.Apply(active, product, cores, _ofProducts);
            x = TakeResidual(l == _last ? "read" : "x", count);
            Norm(product, w.OutputBias, pass.Mask(outputDropout, l, Pass.Output), first, attended.Values, w.OutputNorm, x, "output norm", slot, count, cores, keep);
        }
        Copy(x.Values.At, result + (long)rows.FirstRead * _hidden, rows.ReadCount);
    }

    /// <summary>From the gradient of the last <see cref="Forward"/>'s result to those of the prompt's keys and values, and of the embedded rows where needed.</summary>
    /// <param name="pass">As in <see cref="Forward"/>.</param>
    /// <param name="rows">As in <see cref="Forward"/>.</param>
    /// <param name="gradient">[R, H], of the whole batch.</param>
    /// <param name="embeddedGradient">[T, H], of the whole batch; null where not needed.</param>
    /// <param name="cores">As in <see cref="Forward"/>.</param>
    /// <returns>[2L, P, H], keys and values of layer 0 first; overwritten by the next call.</returns>
    public float* Backward(Pass pass, RowRange rows, float* gradient, float* embeddedGradient, int cores)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        _buffers.Begin();
        int prefixSize = pass.PrefixLength * _hidden;
        float* prefixGradients = _buffers.Take<float>("prefix gradients", 0, 2 * layers.Count, Math.Max(prefixSize, 1)).At;
        new Span<float>(prefixGradients, 2 * layers.Count * prefixSize).Clear();

        // The gradient of a layer's output is g + product.
        var g = _buffers.Take<float>("gradient", 1, rows.ReadCount, _hidden);
        Copy(gradient + (long)rows.FirstRead * _hidden, g.At, rows.ReadCount);
        T* added = null;
        for (int l = _last; l >= 0; l--)
        {
            var w = layers[l];
            int count = QueryCount(rows, l), first = FirstQuery(rows, l);
            var product = _buffers.Take<T>("product", 0, count, _hidden);
            var dropped = NormBackward(g, added, w.OutputNorm, pass.Mask(outputDropout, l, Pass.Output), first, "output norm", l, count);
            var active = _buffers.Take<T>("active", 0, count, _wide);
            w.Output.ApplyBackward(dropped, active, cores, _ofProducts);
            Elementwise<TLanes, T>.ActivateBackward(active.At, _buffers.Take<T>("widened", l, count, _wide).At, (long)count * _wide);
            w.Intermediate.ApplyBackward(active, product, cores, _ofProducts);

            dropped = NormBackward(g, product.At, w.AttentionNorm, pass.Mask(attentionOutputDropout, l, Pass.AttentionOutput), first, "attention norm", l, count);
            w.AttentionOutput.ApplyBackward(dropped, product, cores, _ofProducts);
            bool goesOn = l > 0 || embeddedGradient is not null;
            var (queries, own) = AttendBackward(pass, rows, l, product, prefixGradients + 2L * l * prefixSize, goesOn);
            if (!goesOn) break;

            if (l == _last)
            {
                w.Query.ApplyBackward(queries, product, cores, _ofProducts);
                g = Scatter(g, product, pass, rows);
                product = _buffers.Take<T>("product", 1, rows.PieceCount, _hidden);
            }
            (l == _last ? w.KeyValue : w.QueryKeyValue).ApplyBackward(own, product, cores, _ofProducts);
            added = product.At;
        }
        if (embeddedGradient is not null) Sum(g.At, added, embeddedGradient + (long)rows.FirstPiece * _hidden, rows.PieceCount);
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

    private Matrix<T> Attend(Pass pass, RowRange rows, int l, int slot, Residual x, Residual selected, int cores)
    {
        var (queries, own) = TakeProjections("", l, slot, rows);
        if (l == _last) layers[l].Query.Apply(selected.Operand, queries, cores, _ofProducts);
        if (l == 0 && pass.Kept is { } known) ProjectFirst(known, rows, x.Operand, own, cores);
        else (l == _last ? layers[l].KeyValue : layers[l].QueryKeyValue).Apply(x.Operand, own, cores, _ofProducts);
        var mixed = _buffers.Take<T>("mixed", 0, QueryCount(rows, l), _hidden);
        var operands = Operands(pass, rows, l, slot) with { Output = mixed.At };
        while (_scratch.Count < cores) _scratch.Add(new Scratch());
        Workers.Share(config.HeadCount, cores, (core, first, end) => new AttentionKernel<TLanes, T>(operands, _scratch[core], backward: false).Forward(first, end));
        return mixed;
    }

    private void ProjectFirst(KeptRows known, RowRange rows, Matrix<T> x, Matrix<T> own, int cores)
    {
        int missing = known.Missing(rows);
        var operands = _buffers.Take<T>("missing", 0, missing, _hidden);
        var computed = _buffers.Take<T>("missing projections", 0, missing, 3 * _hidden);
        kept!.Fetch(known, rows, (float*)x.At, _hidden, (float*)operands.At, (float*)own.At);
        if (missing == 0) return;
        layers[0].QueryKeyValue.Apply(operands, computed, cores, _ofProducts);
        kept.Keep(known, rows, (float*)computed.At, (float*)own.At);
    }

    private (Matrix<T> Queries, Matrix<T> Own) AttendBackward(Pass pass, RowRange rows, int l, Matrix<T> mixedGradient, float* prefixGradients, bool goesOn)
    {
        var (queries, own) = goesOn ? TakeProjections(" gradient", l, 0, rows) : default;
        new AttentionKernel<TLanes, T>(Operands(pass, rows, l, l), _scratch[0], backward: true).Backward(new AttentionGradients<T>
        {
            Output = mixedGradient.At,
            Queries = queries.At,
            Keys = goesOn ? own.At + KeyColumn(l) : null,
            Values = goesOn ? own.At + KeyColumn(l) + _hidden : null,
            PrefixKeys = prefixGradients,
            PrefixValues = prefixGradients + (long)pass.PrefixLength * _hidden,
        });
        return (queries, own);
    }

    // Queries, keys and values are columns of one matrix; in the last layer, where few positions have queries, these have one of their own.
    private (Matrix<T> Queries, Matrix<T> Own) TakeProjections(string kind, int l, int slot, RowRange rows)
    {
        if (l == _last) return (_buffers.Take<T>("queries" + kind, 0, rows.ReadCount, _hidden), _buffers.Take<T>("keys and values" + kind, 0, rows.PieceCount, 2 * _hidden));
        var all = _buffers.Take<T>("queries, keys and values" + kind, slot, rows.PieceCount, 3 * _hidden);
        return (all, all);
    }

    private int KeyColumn(int l) => l == _last ? 0 : _hidden;

    private AttentionOperands<T> Operands(Pass pass, RowRange rows, int l, int slot)
    {
        int queryCount = QueryCount(rows, l);
        var (queries, own) = TakeProjections("", l, slot, rows);
        var (prefixKeys, prefixValues) = pass.Prefix(l);
        return new AttentionOperands<T>
        {
            Queries = queries.At,
            Keys = own.At + KeyColumn(l),
            Values = own.At + KeyColumn(l) + _hidden,
            QueryStride = l == _last ? _hidden : 3 * _hidden,
            KeyStride = l == _last ? 2 * _hidden : 3 * _hidden,
            QueryBias = layers[l].QueryBias,
            KeyBias = layers[l].KeyBias,
            ValueBias = layers[l].ValueBias,
            PrefixKeys = prefixKeys,
            PrefixValues = prefixValues,
            PrefixLength = pass.PrefixLength,
            Heads = config.HeadCount,
            HeadSize = config.HeadSize,
            Rows = rows,
            QueryStarts = l == _last ? rows.ReadStarts : rows.KeyStarts,
            FirstQuery = FirstQuery(rows, l),
            LogSums = _buffers.Take<float>("log sums", slot, queryCount, config.HeadCount).At,
            DropProbabilities = pass.Mask(config.AttentionDropout, l, Pass.Probabilities),
            DropPrefix = pass.PrefixMask(l),
        };
    }

    private void Activate(Matrix<T> x, float* bias, Matrix<T> y, int count, int cores, bool keepSlope) => Workers.Share(count, cores, (_, from, end) =>
    {
        long start = (long)from * _wide;
        if (_tanhGelu) Elementwise<TLanes, T>.Activate<TanhGelu<TLanes>>(x.At + start, bias, y.At + start, end - from, _wide, keepSlope);
        else Elementwise<TLanes, T>.Activate<Gelu<TLanes>>(x.At + start, bias, y.At + start, end - from, _wide, keepSlope);
    });

    private void Norm(Matrix<T> product, float* bias, DropMask mask, int first, Matrix<float> residual, NormWeights norm, Residual result, string name, int slot, int count, int cores, bool keep)
    {
        float* normalized = keep ? _buffers.Take<float>(name, slot, count, _hidden).At : null, inverse = keep ? _buffers.Take<float>(name + " scale", slot, count, 1).At : null;
        Workers.Share(count, cores, (_, from, end) =>
        {
            long start = (long)from * _hidden;
            Elementwise<TLanes, T>.DropAddNorm(product.At + start, bias, mask, first + from, residual.At + start, norm, result.Values.At + start, result.Operand.At + start,
                keep ? normalized + start : null, keep ? inverse + from : null, end - from);
        });
    }

    private Matrix<T> NormBackward(Matrix<float> gradient, T* added, NormWeights norm, DropMask mask, int first, string name, int slot, int count)
    {
        var dropped = _buffers.Take<T>("dropped", 0, count, _hidden);
        float* normalized = _buffers.Take<float>(name, slot, count, _hidden).At, inverse = _buffers.Take<float>(name + " scale", slot, count, 1).At;
        Elementwise<TLanes, T>.DropAddNormBackward(gradient.At, added, normalized, inverse, norm, mask, first, dropped.At, count);
        return dropped;
    }

    // The residual stream: sums are floats, products take it as operands.
    private readonly record struct Residual(Matrix<float> Values, Matrix<T> Operand);

    private Residual TakeResidual(string name, int rows)
    {
        var values = _buffers.Take<float>(name, 0, rows, _hidden);
        return new(values, Element<T>.IsFloat ? new Matrix<T>(values.Tensor, (T*)values.At, rows) : _buffers.Take<T>(name + " operand", 0, rows, _hidden));
    }

    private Residual Select(Residual x, Pass pass, RowRange rows)
    {
        var selected = TakeResidual("selected", rows.ReadCount);
        for (int r = 0; r < rows.ReadCount; r++) Copy(x.Values.At + IndexOfRead(pass, rows, r) * _hidden, selected.Values.At + (long)r * _hidden, 1);
        Elementwise<TLanes, T>.Convert(selected.Values.At, selected.Operand.At, (long)rows.ReadCount * _hidden);
        return selected;
    }

    // From gradients at the positions read to gradients at all positions.
    private Matrix<float> Scatter(Matrix<float> g, Matrix<T> product, Pass pass, RowRange rows)
    {
        var all = _buffers.Take<float>("gradient", 0, rows.PieceCount, _hidden);
        new Span<float>(all.At, rows.PieceCount * _hidden).Clear();
        for (int r = 0; r < rows.ReadCount; r++) Sum(g.At + (long)r * _hidden, product.At + (long)r * _hidden, all.At + IndexOfRead(pass, rows, r) * _hidden, 1);
        return all;
    }

    private static long IndexOfRead(Pass pass, RowRange rows, int r) => pass.ReadPositions[rows.FirstRead + r] - rows.FirstPiece;

    private void Sum(float* a, T* b, float* sum, int rows)
    {
        for (long k = 0; k < (long)rows * _hidden; k += TLanes.Count) (TLanes.Load(a + k) + Element<T>.Load<TLanes>(b + k)).Store(sum + k);
    }

    private void Copy(float* from, float* to, int rows) => Buffer.MemoryCopy(from, to, 4L * rows * _hidden, 4L * rows * _hidden);
}
