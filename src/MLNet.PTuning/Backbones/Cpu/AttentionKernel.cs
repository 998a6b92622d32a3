// Attention over packed rows on the CPU: all rows share the prompt's keys and values, and no score matrix is written to memory.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>The operands of attention in one layer; pointers stay valid for the call.</summary>
internal unsafe struct AttentionOperands
{
    /// <summary>Queries [Tq, heads · d], keys and values [T, heads · d], with so many floats from row to row.</summary>
    public float* Queries, Keys, Values;
    public int QueryStride, KeyStride;

    /// <summary>The prompt's keys and values [P, heads · d].</summary>
    public float* PrefixKeys, PrefixValues;
    public int PrefixStride, PrefixLength;

    public int Heads, HeadSize;

    /// <summary>Where each row's queries and keys begin, and their count at the end: [B + 1].</summary>
    public int[] QueryStarts, KeyStarts;

    /// <summary>Result [Tq, heads · d], contiguous, and the logarithm of each query's sum of exponentials [Tq, heads].</summary>
    public float* Output, LogSums;

    /// <summary>Masks of training on the probabilities and on the prompt.</summary>
    public DropMask DropProbabilities, DropPrefix;
}

/// <summary>Where the backward pass leaves gradients; laid out as the operands they belong to.</summary>
internal unsafe struct AttentionGradients
{
    /// <summary>Gradient of the result [Tq, heads · d], contiguous.</summary>
    public float* Output;

    /// <summary>Written, not added to. Null in the first layer, below which nothing is trained.</summary>
    public float* Queries, Keys, Values;

    /// <summary>Added to: [P, heads · d], contiguous.</summary>
    public float* PrefixKeys, PrefixValues;
}

/// <summary>One worker's share of attention: forward, and backward with the scores computed again.</summary>
internal sealed unsafe class AttentionKernel<TLanes> where TLanes : struct, ILanes<TLanes>
{
    // Queries at a time, so that their scores stay in the second-level cache for rows of any length.
    private const int QueryBlock = 32;

    private readonly AttentionOperands _x;
    private readonly int _width, _prefix;
    private readonly float _scale;
    private readonly float* _keys, _values, _queries, _scores, _mixed, _outputGradients, _scoreGradients, _keyGradients, _valueGradients, _queryGradients;
    private readonly int _scoreStride;

    /// <param name="operands">The layer's operands.</param>
    /// <param name="scratch">This worker's memory.</param>
    /// <param name="longestRow">Keys of the longest row.</param>
    /// <param name="backward">Whether <see cref="Backward"/> will be called.</param>
    public AttentionKernel(in AttentionOperands operands, Scratch scratch, int longestRow, bool backward)
    {
        (_x, _prefix) = (operands, operands.PrefixLength);
        _width = RoundUp(operands.HeadSize);
        _scale = 1 / MathF.Sqrt(operands.HeadSize);
        int n = _prefix + longestRow;
        _scoreStride = RoundUp(n);
        int keys = n * _width, queries = QueryBlock * _width, scores = QueryBlock * _scoreStride;
        float* at = scratch.Reserve(2 * keys + 2 * queries + scores + (backward ? 2 * keys + 2 * queries + scores : 0));
        _keys = Take(ref at, keys);
        _values = Take(ref at, keys);
        _queries = Take(ref at, queries);
        _mixed = Take(ref at, queries);
        _scores = Take(ref at, scores);
        if (!backward) return;
        _keyGradients = Take(ref at, keys);
        _valueGradients = Take(ref at, keys);
        _queryGradients = Take(ref at, queries);
        _outputGradients = Take(ref at, queries);
        _scoreGradients = Take(ref at, scores);

        static float* Take(ref float* at, int length)
        {
            float* block = at;
            at += length;
            return block;
        }
    }

    /// <summary>Rows from <paramref name="fromRow"/> to <paramref name="toRow"/>.</summary>
    public void Forward(int fromRow, int toRow)
    {
        for (int head = 0; head < _x.Heads; head++)
            for (int row = fromRow; row < toRow; row++)
            {
                int n = PackKeys(row, head);
                for (int q = _x.QueryStarts[row]; q < _x.QueryStarts[row + 1]; q += QueryBlock)
                {
                    int m = Math.Min(QueryBlock, _x.QueryStarts[row + 1] - q);
                    Pack(_x.Queries + (long)q * _x.QueryStride + head * _x.HeadSize, _x.QueryStride, m, _queries, _scale);
                    SmallProducts<TLanes>.Dots(_queries, m, _keys, n, _width, _scores, _scoreStride);
                    for (int i = 0; i < m; i++)
                    {
                        float logSum = Softmax(_scores + i * _scoreStride, n);
                        if (_x.LogSums is not null) _x.LogSums[(long)(q + i) * _x.Heads + head] = logSum;
                        if (_x.DropProbabilities.IsActive) Drop(_scores + i * _scoreStride, n, _x.DropProbabilities, (q + i) * _x.Heads + head);
                    }
                    SmallProducts<TLanes>.Mix(_scores, _scoreStride, m, _values, n, _width, _mixed);
                    Unpack(_mixed, m, _x.Output + (long)q * _x.Heads * _x.HeadSize + head * _x.HeadSize, _x.Heads * _x.HeadSize, 1);
                }
            }
    }

    /// <summary>Gradients of rows from <paramref name="fromRow"/> to <paramref name="toRow"/>; those of the prompt are added up over rows.</summary>
    public void Backward(int fromRow, int toRow, in AttentionGradients gradients)
    {
        int hidden = _x.Heads * _x.HeadSize;
        for (int head = 0; head < _x.Heads; head++)
            for (int row = fromRow; row < toRow; row++)
            {
                int n = PackKeys(row, head), column = head * _x.HeadSize;
                new Span<float>(_keyGradients, n * _width).Clear();
                new Span<float>(_valueGradients, n * _width).Clear();
                for (int q = _x.QueryStarts[row]; q < _x.QueryStarts[row + 1]; q += QueryBlock)
                {
                    int m = Math.Min(QueryBlock, _x.QueryStarts[row + 1] - q);
                    Pack(_x.Queries + (long)q * _x.QueryStride + column, _x.QueryStride, m, _queries, _scale);
                    Pack(gradients.Output + (long)q * hidden + column, hidden, m, _outputGradients, 1);
                    SmallProducts<TLanes>.Dots(_queries, m, _keys, n, _width, _scores, _scoreStride);
                    SmallProducts<TLanes>.Dots(_outputGradients, m, _values, n, _width, _scoreGradients, _scoreStride);
                    for (int i = 0; i < m; i++)
                    {
                        float* output = _x.Output + (long)(q + i) * hidden + column, gradient = gradients.Output + (long)(q + i) * hidden + column;
                        float inner = 0;
                        for (int k = 0; k < _x.HeadSize; k++) inner += output[k] * gradient[k];
                        ScoreGradients(i, n, _x.LogSums[(long)(q + i) * _x.Heads + head], inner, (q + i) * _x.Heads + head);
                    }
                    SmallProducts<TLanes>.MixTransposed(_scores, _scoreStride, m, _outputGradients, n, _width, _valueGradients);
                    SmallProducts<TLanes>.MixTransposed(_scoreGradients, _scoreStride, m, _queries, n, _width, _keyGradients);
                    if (gradients.Queries is null) continue;
                    SmallProducts<TLanes>.Mix(_scoreGradients, _scoreStride, m, _keys, n, _width, _queryGradients);
                    Unpack(_queryGradients, m, gradients.Queries + (long)q * _x.QueryStride + column, _x.QueryStride, _scale);
                }
                if (_prefix > 0)
                {
                    AddPrefix(_keyGradients, gradients.PrefixKeys + column, row, head, 0);
                    AddPrefix(_valueGradients, gradients.PrefixValues + column, row, head, 1);
                }
                if (gradients.Keys is null) continue;
                long first = (long)_x.KeyStarts[row] * _x.KeyStride + column;
                Unpack(_keyGradients + _prefix * _width, n - _prefix, gradients.Keys + first, _x.KeyStride, 1);
                Unpack(_valueGradients + _prefix * _width, n - _prefix, gradients.Values + first, _x.KeyStride, 1);
            }
    }

    // Keys and values of a row's head, prompt first: [P + S, width] each. Returns P + S.
    private int PackKeys(int row, int head)
    {
        int column = head * _x.HeadSize, own = _x.KeyStarts[row + 1] - _x.KeyStarts[row];
        Pack(_x.PrefixKeys + column, _x.PrefixStride, _prefix, _keys, 1);
        Pack(_x.PrefixValues + column, _x.PrefixStride, _prefix, _values, 1);
        if (_x.DropPrefix.IsActive)
            for (int p = 0; p < _prefix; p++)
            {
                Drop(_keys + p * _width, _x.HeadSize, _x.DropPrefix, PrefixRow(row, head, p, 0));
                Drop(_values + p * _width, _x.HeadSize, _x.DropPrefix, PrefixRow(row, head, p, 1));
            }
        long first = (long)_x.KeyStarts[row] * _x.KeyStride + column;
        Pack(_x.Keys + first, _x.KeyStride, own, _keys + _prefix * _width, 1);
        Pack(_x.Values + first, _x.KeyStride, own, _values + _prefix * _width, 1);
        return _prefix + own;
    }

    private int PrefixRow(int row, int head, int p, int isValue) => ((row * _x.Heads + head) * _prefix + p) * 2 + isValue;

    // From q·k and dO·v of one query to the dropped probabilities (in place of the first) and the gradient of the scores (of the second).
    private void ScoreGradients(int i, int n, float logSum, float inner, int maskRow)
    {
        float* scores = _scores + i * _scoreStride, gradients = _scoreGradients + i * _scoreStride;
        Fill(scores, n, float.NegativeInfinity);
        Fill(gradients, n, 0);
        var mask = _x.DropProbabilities;
        uint seed = mask.RowSeed(maskRow);
        for (int j = 0; j < n; j += TLanes.Count)
        {
            var p = TLanes.Exp(TLanes.Load(scores + j) - TLanes.All(logSum));
            var g = TLanes.Load(gradients + j);
            var dropped = p;
            if (mask.IsActive)
            {
                var keep = TLanes.Mask(seed, (uint)j, mask.Threshold, mask.Kept);
                (g, dropped) = (g * keep, p * keep);
            }
            (p * (g - TLanes.All(inner))).Store(gradients + j);
            dropped.Store(scores + j);
        }
    }

    private float Softmax(float* scores, int n)
    {
        Fill(scores, n, float.NegativeInfinity);
        float highest = float.NegativeInfinity;
        for (int j = 0; j < n; j++) highest = MathF.Max(highest, scores[j]);
        TLanes sum = default;
        for (int j = 0; j < n; j += TLanes.Count)
        {
            var e = TLanes.Exp(TLanes.Load(scores + j) - TLanes.All(highest));
            e.Store(scores + j);
            sum += e;
        }
        float total = sum.Sum();
        var inverse = TLanes.All(1 / total);
        for (int j = 0; j < n; j += TLanes.Count) (TLanes.Load(scores + j) * inverse).Store(scores + j);
        return highest + MathF.Log(total);
    }

    private static void Drop(float* values, int n, in DropMask mask, int row)
    {
        uint seed = mask.RowSeed(row);
        for (int j = 0; j < n; j += TLanes.Count) (TLanes.Load(values + j) * TLanes.Mask(seed, (uint)j, mask.Threshold, mask.Kept)).Store(values + j);
    }

    private void AddPrefix(float* gradients, float* sum, int row, int head, int isValue)
    {
        int hidden = _x.Heads * _x.HeadSize;
        for (int p = 0; p < _prefix; p++)
        {
            if (_x.DropPrefix.IsActive) Drop(gradients + p * _width, _x.HeadSize, _x.DropPrefix, PrefixRow(row, head, p, isValue));
            for (int k = 0; k < _x.HeadSize; k++) sum[p * hidden + k] += gradients[p * _width + k];
        }
    }

    // Copies a head's columns into rows of the padded width, times a factor.
    private void Pack(float* from, int stride, int rows, float* to, float factor)
    {
        for (int r = 0; r < rows; r++, from += stride, to += _width)
        {
            int k = 0;
            for (; k + TLanes.Count <= _x.HeadSize; k += TLanes.Count) (TLanes.Load(from + k) * TLanes.All(factor)).Store(to + k);
            for (; k < _x.HeadSize; k++) to[k] = from[k] * factor;
            for (; k < _width; k++) to[k] = 0;
        }
    }

    private void Unpack(float* from, int rows, float* to, int stride, float factor)
    {
        for (int r = 0; r < rows; r++, from += _width, to += stride)
        {
            int k = 0;
            for (; k + TLanes.Count <= _x.HeadSize; k += TLanes.Count) (TLanes.Load(from + k) * TLanes.All(factor)).Store(to + k);
            for (; k < _x.HeadSize; k++) to[k] = from[k] * factor;
        }
    }

    // The places between a row's end and the next whole vector.
    private static void Fill(float* row, int n, float value)
    {
        for (int j = n; j < RoundUp(n); j++) row[j] = value;
    }

    private static int RoundUp(int n) => (n + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
}
