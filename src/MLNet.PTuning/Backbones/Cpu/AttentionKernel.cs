// Attention over packed rows, a range of heads on each core: all rows share the prompt's keys and values, and no score matrix is written to memory.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A prompt's keys or values in one layer: rows of contiguous elements, with <see cref="Stride"/> elements from row to row.</summary>
internal readonly unsafe struct PrefixRows(float* at, int stride)
{
    public float* At { get; } = at;

    public int Stride { get; } = stride;
}

/// <summary>The operands of attention in one layer, for a range of a batch's rows; pointers stay valid for the call.</summary>
internal unsafe struct AttentionOperands<T> where T : unmanaged
{
    /// <summary>Queries [Tq, heads · d], keys and values [T, W], with so many elements from row to row.</summary>
    public T* Queries, Keys, Values;
    public int QueryStride, KeyStride;

    /// <summary>What is added to each of them: [heads · d], [W], [W]; null for nothing.</summary>
    public float* QueryBias, KeyBias, ValueBias;

    /// <summary>The prompt's keys and values [P, W].</summary>
    public PrefixRows PrefixKeys, PrefixValues;
    public int PrefixLength;

    /// <summary>Heads of queries, and of keys and values, to each of which as many heads of queries belong, one after the other.</summary>
    public int Heads, KeyHeads;

    /// <summary>d.</summary>
    public int HeadSize;

    /// <summary>Whether a query sees the prompt and the keys up to its own position alone.</summary>
    public bool IsCausal;

    /// <summary>Rotates queries and the rows' own keys, whose positions begin at the prompt's length; null for nothing.</summary>
    public RotaryTable? Rotary;

    /// <summary>The index in the batch of the word piece that each query belongs to; null where every word piece has one. Read where attention is causal or rotated.</summary>
    public int[]? QueryPieces;

    /// <summary>Which rows these are.</summary>
    public RowRange Rows;

    /// <summary>Where each of these rows' queries begin [rows + 1], and the first one's index in the batch.</summary>
    public int[] QueryStarts;
    public int FirstQuery;

    /// <summary>Result [Tq, heads · d], contiguous.</summary>
    public T* Output;

    /// <summary>The logarithm of each query's sum of exponentials [Tq, heads], which the backward pass needs.</summary>
    public float* LogSums;

    /// <summary>Masks of training on the probabilities and on the prompt.</summary>
    public DropMask DropProbabilities, DropPrefix;
}

/// <summary>Where the backward pass writes gradients; laid out as the operands they belong to.</summary>
internal unsafe struct AttentionGradients<T> where T : unmanaged
{
    /// <summary>Gradient of the result [Tq, heads · d], contiguous.</summary>
    public T* Output;

    /// <summary>Written, not added to. Null where nothing below this layer is trained.</summary>
    public T* Queries, Keys, Values;

    /// <summary>Added to: [P, W], contiguous.</summary>
    public float* PrefixKeys, PrefixValues;
}

/// <summary>Forward, and backward with the scores computed again.</summary>
internal sealed unsafe class AttentionKernel<TLanes, T> where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    // Queries at a time, so that their scores stay in the second-level cache for rows of any length.
    private const int QueryBlock = 32;

    private readonly AttentionOperands<T> _x;
    private readonly HeadMatrices<TLanes> _m;
    private readonly int _prefix, _headSize;
    private readonly float _scale;

    /// <param name="operands">The layer's operands.</param>
    /// <param name="scratch">Memory to work in.</param>
    /// <param name="backward">Whether <see cref="Backward"/> will be called.</param>
    public AttentionKernel(in AttentionOperands<T> operands, Scratch scratch, bool backward)
    {
        (_x, _prefix, _headSize) = (operands, operands.PrefixLength, operands.HeadSize);
        _scale = 1 / MathF.Sqrt(_headSize);
        _m = new HeadMatrices<TLanes>(scratch, _headSize, _prefix + operands.Rows.LongestRow, QueryBlock, backward);
    }

    /// <summary>The result of the heads from <paramref name="firstHead"/> to before <paramref name="endHead"/>.</summary>
    public void Forward(int firstHead, int endHead)
    {
        int hidden = _x.Heads * _headSize, group = _x.Heads / _x.KeyHeads;
        for (int keyHead = firstHead / group; keyHead * group < endHead; keyHead++)
            for (int row = 0; row < _x.Rows.Count; row++)
            {
                // The keys that the first of these heads packs serve the others.
                int n = PackKeys(row, keyHead, isFirst: row == 0, backward: false), end = _x.QueryStarts[row + 1];
                for (int head = Math.Max(firstHead, keyHead * group); head < Math.Min(endHead, (keyHead + 1) * group); head++)
                    for (int q = _x.QueryStarts[row], column = head * _headSize; q < end; q += QueryBlock)
                    {
                        int m = Math.Min(QueryBlock, end - q), seen = Seen(row, q + m - 1, n);
                        Scores(row, q, m, seen, column);
                        for (int i = 0; i < m; i++)
                        {
                            float* scores = _m.Scores + i * _m.Stride;
                            int own = Seen(row, q + i, n);
                            _x.LogSums[(long)(q + i) * _x.Heads + head] = Softmax(scores, own);
                            if (_x.DropProbabilities.IsActive) _x.DropProbabilities.Apply<TLanes>(scores, own, ProbabilityRow(q + i, head));
                            if (_x.IsCausal) Hide(scores, own, seen);
                        }
                        SmallProducts<TLanes>.Multiply(_m.Scores, _m.Stride, 1, _m.Values, _m.Width, _m.Mixed, _m.Width, m, seen, _m.Width, add: false);
                        HeadMatrices<TLanes>.Unpack(_m.Mixed, _m.Width, m, _x.Output + (long)q * hidden + column, hidden, _headSize, 1);
                    }
            }
    }

    /// <summary>Gradients of the prompt are added up over rows.</summary>
    public void Backward(in AttentionGradients<T> gradients)
    {
        int hidden = _x.Heads * _headSize, group = _x.Heads / _x.KeyHeads;
        for (int keyHead = 0; keyHead < _x.KeyHeads; keyHead++)
            for (int row = 0; row < _x.Rows.Count; row++)
            {
                int n = PackKeys(row, keyHead, isFirst: row == 0, backward: true), start = _x.QueryStarts[row], end = _x.QueryStarts[row + 1];
                // The first block of queries writes the gradients of all keys unless it sees some of them alone.
                bool add = _x.IsCausal || start == end;
                if (add) _m.ClearKeyGradients(n);
                for (int head = keyHead * group; head < (keyHead + 1) * group; head++)
                    for (int q = start, column = head * _headSize; q < end; q += QueryBlock, add = true)
                    {
                        int m = Math.Min(QueryBlock, end - q), seen = Seen(row, q + m - 1, n);
                        Scores(row, q, m, seen, column);
                        HeadMatrices<TLanes>.Pack(gradients.Output + (long)q * hidden + column, hidden, null, m, _m.OutputGradients, _m.Width, _headSize, 1);
                        SmallProducts<TLanes>.Multiply(_m.OutputGradients, _m.Width, 1, _m.ValuesAcross, _m.Stride, _m.ScoreGradients, _m.Stride, m, _headSize, HeadMatrices<TLanes>.RoundUp(seen), add: false);
                        for (int i = 0; i < m; i++)
                        {
                            int own = Seen(row, q + i, n);
                            ScoreGradients(i, own, _x.LogSums[(long)(q + i) * _x.Heads + head], ProbabilityRow(q + i, head));
                            if (!_x.IsCausal) continue;
                            Hide(_m.Scores + i * _m.Stride, own, seen);
                            Hide(_m.ScoreGradients + i * _m.Stride, own, seen);
                        }
                        SmallProducts<TLanes>.Multiply(_m.Scores, 1, _m.Stride, _m.OutputGradients, _m.Width, _m.ValueGradients, _m.Width, seen, m, _m.Width, add);
                        SmallProducts<TLanes>.Multiply(_m.ScoreGradients, 1, _m.Stride, _m.Queries, _m.Width, _m.KeyGradients, _m.Width, seen, m, _m.Width, add);
                        if (gradients.Queries is null) continue;
                        SmallProducts<TLanes>.Multiply(_m.ScoreGradients, _m.Stride, 1, _m.Keys, _m.Width, _m.Mixed, _m.Width, m, seen, _m.Width, add: false);
                        RotateQueries(_m.Mixed, row, q, m, direction: -1);
                        HeadMatrices<TLanes>.Unpack(_m.Mixed, _m.Width, m, gradients.Queries + (long)q * _x.QueryStride + column, _x.QueryStride, _headSize, _scale);
                    }
                int keyColumn = keyHead * _headSize;
                AddPrefix(_m.KeyGradients, gradients.PrefixKeys + keyColumn, row, keyHead, 0);
                AddPrefix(_m.ValueGradients, gradients.PrefixValues + keyColumn, row, keyHead, 1);
                if (gradients.Keys is null) continue;
                long first = (long)_x.Rows.KeyStarts[row] * _x.KeyStride + keyColumn;
                RotateKeys(_m.KeyGradients, n, direction: -1);
                HeadMatrices<TLanes>.Unpack(_m.KeyGradients + _prefix * _m.Width, _m.Width, n - _prefix, gradients.Keys + first, _x.KeyStride, _headSize, 1);
                HeadMatrices<TLanes>.Unpack(_m.ValueGradients + _prefix * _m.Width, _m.Width, n - _prefix, gradients.Values + first, _x.KeyStride, _headSize, 1);
            }
    }

    // Keys and values of a row's head, prompt first: [P + S, d] each. Returns P + S.
    private int PackKeys(int row, int keyHead, bool isFirst, bool backward)
    {
        int column = keyHead * _headSize, own = _x.Rows.KeyStarts[row + 1] - _x.Rows.KeyStarts[row];
        // The prompt's are there already from the row before, unless each row drops others.
        if (isFirst || _x.DropPrefix.IsActive)
        {
            HeadMatrices<TLanes>.Pack(_x.PrefixKeys.At + column, _x.PrefixKeys.Stride, null, _prefix, _m.Keys, _m.Width, _headSize, 1);
            HeadMatrices<TLanes>.Pack(_x.PrefixValues.At + column, _x.PrefixValues.Stride, null, _prefix, _m.Values, _m.Width, _headSize, 1);
            for (int p = 0; _x.DropPrefix.IsActive && p < _prefix; p++)
            {
                _x.DropPrefix.Apply<TLanes>(_m.Keys + p * _m.Width, _headSize, PrefixRow(row, keyHead, p, 0));
                _x.DropPrefix.Apply<TLanes>(_m.Values + p * _m.Width, _headSize, PrefixRow(row, keyHead, p, 1));
            }
            _m.TransposeKeys(0, _prefix);
            if (backward) _m.TransposeValues(0, _prefix);
        }
        long first = (long)_x.Rows.KeyStarts[row] * _x.KeyStride + column;
        HeadMatrices<TLanes>.Pack(_x.Keys + first, _x.KeyStride, At(_x.KeyBias, column), own, _m.Keys + _prefix * _m.Width, _m.Width, _headSize, 1);
        HeadMatrices<TLanes>.Pack(_x.Values + first, _x.KeyStride, At(_x.ValueBias, column), own, _m.Values + _prefix * _m.Width, _m.Width, _headSize, 1);
        RotateKeys(_m.Keys, _prefix + own, direction: 1);
        _m.TransposeKeys(_prefix, own);
        if (backward) _m.TransposeValues(_prefix, own);
        return _prefix + own;
    }

    private void Scores(int row, int q, int m, int n, int column)
    {
        HeadMatrices<TLanes>.Pack(_x.Queries + (long)q * _x.QueryStride + column, _x.QueryStride, At(_x.QueryBias, column), m, _m.Queries, _m.Width, _headSize, _scale);
        RotateQueries(_m.Queries, row, q, m, direction: 1);
        SmallProducts<TLanes>.Multiply(_m.Queries, _m.Width, 1, _m.KeysAcross, _m.Stride, _m.Scores, _m.Stride, m, _headSize, HeadMatrices<TLanes>.RoundUp(n), add: false);
    }

    private static float* At(float* bias, int column) => bias is null ? null : bias + column;

    // How many of a row's n keys a query sees, the prompt's among them.
    private int Seen(int row, int query, int n) => _x.IsCausal ? _prefix + PositionInRow(row, query) + 1 : n;

    private int PositionInRow(int row, int query) => (_x.QueryPieces is null ? query : _x.QueryPieces[_x.FirstQuery + query] - _x.Rows.FirstPiece) - _x.Rows.KeyStarts[row];

    private void RotateQueries(float* queries, int row, int q, int m, float direction)
    {
        if (_x.Rotary is not { } rotary) return;
        for (int i = 0; i < m; i++) rotary.Rotate<TLanes>(queries + i * _m.Width, _prefix + PositionInRow(row, q + i), direction);
    }

    private void RotateKeys(float* keys, int n, float direction)
    {
        if (_x.Rotary is not { } rotary) return;
        for (int i = _prefix; i < n; i++) rotary.Rotate<TLanes>(keys + i * _m.Width, i, direction);
    }

    private int ProbabilityRow(int query, int head) => (_x.FirstQuery + query) * _x.Heads + head;

    private int PrefixRow(int row, int keyHead, int p, int isValue) => (((_x.Rows.First + row) * _x.KeyHeads + keyHead) * _prefix + p) * 2 + isValue;

    // From q·k and dO·v of one query to the dropped probabilities (in place of the first) and the gradient of the scores (of the second).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScoreGradients(int i, int n, float logSum, int maskRow)
    {
        float* scores = _m.Scores + i * _m.Stride, gradients = _m.ScoreGradients + i * _m.Stride;
        Fill(scores, n, float.NegativeInfinity);
        Fill(gradients, n, 0);
        var mask = _x.DropProbabilities;
        uint seed = mask.RowSeed(maskRow);
        TLanes inner = default;
        for (int j = 0; j < n; j += TLanes.Count)
        {
            TLanes p = Functions.Exp(TLanes.Load(scores + j) - TLanes.All(logSum)), g = TLanes.Load(gradients + j);
            if (mask.IsActive) g *= TLanes.Mask(seed, (uint)j, mask.Threshold, mask.Kept);
            inner = TLanes.MultiplyAdd(p, g, inner);
            p.Store(scores + j);
            g.Store(gradients + j);
        }
        var sum = TLanes.All(inner.Sum());
        for (int j = 0; j < n; j += TLanes.Count)
        {
            var p = TLanes.Load(scores + j);
            (p * (TLanes.Load(gradients + j) - sum)).Store(gradients + j);
            if (mask.IsActive) (p * TLanes.Mask(seed, (uint)j, mask.Threshold, mask.Kept)).Store(scores + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Softmax(float* scores, int n)
    {
        Fill(scores, n, float.NegativeInfinity);
        var highs = TLanes.Load(scores);
        for (int j = TLanes.Count; j < n; j += TLanes.Count) highs = TLanes.Max(highs, TLanes.Load(scores + j));
        float highest = highs.Highest();
        TLanes sum = default;
        for (int j = 0; j < n; j += TLanes.Count)
        {
            var e = Functions.Exp(TLanes.Load(scores + j) - TLanes.All(highest));
            e.Store(scores + j);
            sum += e;
        }
        float total = sum.Sum();
        var inverse = TLanes.All(1 / total);
        for (int j = 0; j < n; j += TLanes.Count) (TLanes.Load(scores + j) * inverse).Store(scores + j);
        return highest + MathF.Log(total);
    }

    private void AddPrefix(float* gradients, float* sum, int row, int keyHead, int isValue)
    {
        int width = _x.KeyHeads * _headSize;
        for (int p = 0; p < _prefix; p++, gradients += _m.Width, sum += width)
        {
            if (_x.DropPrefix.IsActive) _x.DropPrefix.Apply<TLanes>(gradients, _headSize, PrefixRow(row, keyHead, p, isValue));
            int k = 0;
            for (; k + TLanes.Count <= _headSize; k += TLanes.Count) (TLanes.Load(sum + k) + TLanes.Load(gradients + k)).Store(sum + k);
            for (; k < _headSize; k++) sum[k] += gradients[k];
        }
    }

    // Keys that other queries of a block see count as nothing: to the end of the vector that the last of them is in.
    private static void Hide(float* row, int own, int seen) => new Span<float>(row + own, HeadMatrices<TLanes>.RoundUp(seen) - own).Clear();

    // The elements from a row's end to the next whole vector.
    private static void Fill(float* row, int n, float value)
    {
        for (int j = n; j % TLanes.Count != 0; j++) row[j] = value;
    }
}
