// How packed rows are padded for attention: the index tensors and the mask of a batch, made once a batch.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>
/// Scaled dot-product attention within each row of a packed batch, over the row's own keys and a prefix that all rows share.
/// There may be fewer queries than keys: the last layer computes only the positions that a head reads.
/// </summary>
internal sealed class AttentionLayout : IAttention
{
    private readonly int _rows, _longestQuery, _longestKey, _prefixLength;
    private readonly torch.Tensor _queryIndex, _keyIndex, _unpadIndex;
    private readonly torch.Tensor? _mask;
    private readonly Lazy<torch.Tensor> _distances, _positions;

    /// <param name="queryStarts">Where each row's queries start, and their count at the end: [B + 1].</param>
    /// <param name="keyStarts">The same for keys and values.</param>
    /// <param name="prefixLength">Number of keys put before each row's own.</param>
    /// <param name="device">The device of the tensors.</param>
    /// <param name="queryPositions">The packed position of each query; null where every position has one.</param>
    /// <param name="isCausal">Whether a query sees the keys up to its own position alone.</param>
    public AttentionLayout(int[] queryStarts, int[] keyStarts, int prefixLength, torch.Device device, int[]? queryPositions = null, bool isCausal = false)
    {
        _rows = keyStarts.Length - 1;
        RowStarts = keyStarts;
        _prefixLength = prefixLength;
        (_longestQuery, _queryIndex, _unpadIndex) = Pad(queryStarts, device);
        (_longestKey, _keyIndex, _) = ReferenceEquals(queryStarts, keyStarts) ? (_longestQuery, _queryIndex, _unpadIndex) : Pad(keyStarts, device);
        _mask = isCausal ? CausalMask(queryStarts, queryPositions, device) : Mask(keyStarts, device);
        _positions = new(() => torch.tensor([.. Enumerable.Range(0, _rows).SelectMany(row => Enumerable.Range(0, keyStarts[row + 1] - keyStarts[row])).Select(at => (float)at)], device: device));
        _distances = new(() => Distances(queryStarts, queryPositions, device));
    }

    public int RowCount => _rows;

    public int[] RowStarts { get; }

    public torch.Tensor Positions => _positions.Value;

    public torch.Tensor Attend(torch.Tensor queries, torch.Tensor keys, torch.Tensor values, (torch.Tensor Keys, torch.Tensor Values)? prefix,
        int heads, Func<torch.Tensor, torch.Tensor>? dropProbabilities, RelativeScores? relative = null)
    {
        long hidden = queries.shape[1], headSize = hidden / heads, width = keys.shape[1], keyHeads = width / headSize;
        var q = Heads(queries.index_select(0, _queryIndex), _longestQuery, heads);
        var k = keys.index_select(0, _keyIndex).view(_rows, _longestKey, width);
        var v = values.index_select(0, _keyIndex).view(_rows, _longestKey, width);
        if (prefix is { } p)
        {
            k = torch.cat([p.Keys.expand(_rows, _prefixLength, width), k], 1);
            v = torch.cat([p.Values.expand(_rows, _prefixLength, width), v], 1);
        }
        var kh = Heads(k, _prefixLength + _longestKey, keyHeads);
        var vh = Heads(v, _prefixLength + _longestKey, keyHeads);
        var scores = torch.bmm(q, kh.transpose(1, 2)).TimesInPlace(relative?.Scale ?? 1 / Math.Sqrt(headSize));
        if (relative is not null) scores = scores.Plus(Relative());
        scores = scores.view(_rows, heads, _longestQuery, _prefixLength + _longestKey);
        if (_mask is not null) scores = scores.PlusInPlace(_mask);
        var probabilities = scores.softmax(-1);
        if (dropProbabilities is not null) probabilities = dropProbabilities(probabilities);
        var mixed = torch.bmm(probabilities.view(_rows * heads, _longestQuery, _prefixLength + _longestKey), vh);
        return mixed.view(_rows, heads, _longestQuery, headSize).transpose(1, 2).reshape(_rows * _longestQuery, hidden).index_select(0, _unpadIndex);

        // [B · heads, Sq, P + Sk], zero for the prefix.
        torch.Tensor Relative()
        {
            var own = relative.Of(q, kh.narrow(1, _prefixLength, _longestKey), _distances.Value);
            return _prefixLength == 0 ? own : torch.cat([torch.zeros([_rows * heads, _longestQuery, _prefixLength], device: own.device), own], 2);
        }

        // [B · S, count · d] → [B · heads, S, d]
        torch.Tensor Heads(torch.Tensor x, long length, long count)
        {
            var split = x.view(_rows, length, count, headSize).transpose(1, 2);
            return (count == heads ? split : split.repeat_interleave(heads / count, 1)).reshape(_rows * heads, length, headSize);
        }
    }

    // For rows that start at `starts`: the longest length S, the packed index of each padded index [B · S] (0 for padding),
    // and the padded index of each packed index.
    private static (int Longest, torch.Tensor Index, torch.Tensor Unpad) Pad(int[] starts, torch.Device device)
    {
        int rows = starts.Length - 1, longest = 0;
        for (int row = 0; row < rows; row++) longest = Math.Max(longest, starts[row + 1] - starts[row]);
        var index = new long[rows * longest];
        var unpad = new long[starts[rows]];
        for (int row = 0; row < rows; row++)
            for (int i = starts[row]; i < starts[row + 1]; i++)
            {
                int padded = row * longest + i - starts[row];
                index[padded] = i;
                unpad[i] = padded;
            }
        return (longest, torch.tensor(index, device: device), torch.tensor(unpad, device: device));
    }

    // [B, Sq, Sk]: a query's position minus a key's; 0 where either is padding.
    private torch.Tensor Distances(int[] queryStarts, int[]? queryPositions, torch.Device device)
    {
        var distances = new long[_rows * _longestQuery * _longestKey];
        for (int row = 0; row < _rows; row++)
            for (int i = queryStarts[row]; i < queryStarts[row + 1]; i++)
                for (int j = RowStarts[row]; j < RowStarts[row + 1]; j++)
                    distances[((row * _longestQuery) + i - queryStarts[row]) * _longestKey + j - RowStarts[row]] = (queryPositions is null ? i : queryPositions[i]) - j;
        return torch.tensor(distances, device: device).view(_rows, _longestQuery, _longestKey);
    }

    // [B, 1, Sq, P + Sk]: 0 for the prefix and for keys up to the query's position, −∞ for later ones and padding.
    private torch.Tensor CausalMask(int[] queryStarts, int[]? queryPositions, torch.Device device)
    {
        int width = _prefixLength + _longestKey;
        var mask = new float[_rows * _longestQuery * width];
        for (int row = 0; row < _rows; row++)
            for (int i = queryStarts[row]; i < queryStarts[row + 1]; i++)
            {
                int query = row * _longestQuery + i - queryStarts[row], seen = _prefixLength + (queryPositions is null ? i : queryPositions[i]) - RowStarts[row] + 1;
                mask.AsSpan(query * width + seen, width - seen).Fill(float.NegativeInfinity);
            }
        return torch.tensor(mask, device: device).view(_rows, 1, _longestQuery, width);
    }

    // [B, 1, 1, P + S]: 0 where a key is real, −∞ where it is padding; null where no row is padded.
    private torch.Tensor? Mask(int[] keyStarts, torch.Device device)
    {
        int width = _prefixLength + _longestKey;
        var mask = new float[_rows * width];
        bool padded = false;
        for (int row = 0; row < _rows; row++)
            for (int i = _prefixLength + keyStarts[row + 1] - keyStarts[row]; i < width; i++)
            {
                mask[row * width + i] = float.NegativeInfinity;
                padded = true;
            }
        return padded ? torch.tensor(mask, device: device).view(_rows, 1, 1, width) : null;
    }
}
