// What a decoder keeps of rows that it continues: every layer's keys and values, so that a new word piece is computed alone.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>
/// Keys and values of rows of any lengths, the prompt's prefix before each row's own. Rows leave, and are repeated or reordered, between two passes. Owns its tensors, which stay from one work item
/// to the next; passes are without gradients.
/// </summary>
/// <param name="encoder">A decoder.</param>
/// <param name="prompt">What the tuning method gives it, the same in every pass.</param>
internal sealed class KeyValueCache(Encoder encoder, PromptState prompt) : IDisposable
{
    // Slots that are made for word pieces to come, so that not every piece moves the cache.
    private const int Spare = 64;

    private readonly torch.Tensor?[] _keys = new torch.Tensor?[encoder.Config.LayerCount], _values = new torch.Tensor?[encoder.Config.LayerCount];
    // Word pieces of each row so far.
    private int[] _lengths = [];
    private int _slots;

    /// <summary>Most word pieces of a row in one pass, since attention has a score of each by each before it; longer ones are appended part by part.</summary>
    public int LongestPass { get; init; } = 512;

    private int PrefixLength => prompt.Prefix is null ? 0 : prompt.Length;

    private int KeyHeads => encoder.Config.KeyValueHeads;

    private int HeadSize => encoder.Config.HeadSize;

    /// <summary>Appends word pieces to rows, and gives the last layer's hidden state of each row's last one: [B, H].</summary>
    /// <param name="pieces">At least one for each row.</param>
    /// <param name="from">The earlier row that each of these rows continues; null for all of them in their order, and where there are none yet.</param>
    public torch.Tensor Append(IReadOnlyList<int[]> pieces, int[]? from = null)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        for (; pieces.Max(p => p.Length) > LongestPass; from = null)
        {
            // Rows that fit into a pass wait for the last one, in which all rows have word pieces.
            int[] now = [.. pieces.Select(p => Math.Clamp(p.Length - LongestPass, 0, LongestPass))];
            Pass([.. pieces.Select((p, row) => p[..now[row]])], from);
            pieces = [.. pieces.Select((p, row) => p[now[row]..])];
        }
        return Pass(pieces, from).MoveToOuterDisposeScope();
    }

    // Some of the rows may have no word pieces; their states are those of another row then.
    private torch.Tensor Pass(IReadOnlyList<int[]> pieces, int[]? from)
    {
        using var scope = torch.NewDisposeScope();
        if (_lengths.Length == 0) _lengths = new int[pieces.Count];
        else if (from is not null) Select(from);
        var starts = new int[pieces.Count + 1];
        for (int row = 0; row < pieces.Count; row++) starts[row + 1] = starts[row] + pieces[row].Length;
        Reserve(PrefixLength + Enumerable.Range(0, pieces.Count).Max(row => _lengths[row] + pieces[row].Length));

        int[] ids = [.. pieces.SelectMany(p => p)];
        var hidden = encoder.Embed(new PackedBatch(ids, new int[ids.Length], starts) { Earlier = _lengths }, prompt, null);
        int[] last = [.. starts[1..].Select(end => Math.Max(0, end - 1))];
        var read = torch.tensor(Array.ConvertAll(last, at => (long)at), device: hidden.device);
        var attention = new CachedAttention(this, starts, hidden.device);
        for (int layer = 0; layer < _keys.Length; layer++)
        {
            attention.Layer = layer;
            hidden = encoder.Layer(layer, hidden, attention, prompt, null, layer == _keys.Length - 1 ? read : null);
        }
        _lengths = [.. _lengths.Select((length, row) => length + pieces[row].Length)];
        return hidden.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values)) tensor?.Dispose();
    }

    private void Select(int[] from)
    {
        var index = torch.tensor(Array.ConvertAll(from, row => (long)row), device: _keys[0]!.device);
        foreach (var tensors in new[] { _keys, _values })
            for (int layer = 0; layer < tensors.Length; layer++) Replace(ref tensors[layer], tensors[layer]!.index_select(0, index));
        _lengths = [.. from.Select(row => _lengths[row])];
    }

    // [B, key heads · slots · d]: a slot for the prefix's vectors and for each of a row's word pieces, one row's first after the prefix.
    private void Reserve(int slots)
    {
        if (_keys[0] is not null && slots <= _slots) return;
        int rows = _lengths.Length, before = _slots, prefix = PrefixLength;
        _slots = slots + Spare;
        for (int layer = 0; layer < _keys.Length; layer++)
        {
            var own = prompt.PrefixOf(layer, encoder.Config.KeyValueWidth);
            Replace(ref _keys[layer], Grown(_keys[layer], own?.Keys));
            Replace(ref _values[layer], Grown(_values[layer], own?.Values));
        }

        torch.Tensor Grown(torch.Tensor? old, torch.Tensor? ofPrefix)
        {
            var grown = torch.zeros([rows, KeyHeads, _slots, HeadSize], device: encoder.WordEmbeddings.Values.device);
            if (old is not null) grown.narrow(2, 0, before).copy_(old.view(rows, KeyHeads, before, HeadSize));
            else if (ofPrefix is not null) grown.narrow(2, 0, prefix).copy_(ofPrefix.detach().view(1, prefix, KeyHeads, HeadSize).transpose(1, 2));
            return grown.view(rows, -1);
        }
    }

    private static void Replace(ref torch.Tensor? tensor, torch.Tensor by)
    {
        tensor?.Dispose();
        tensor = by.DetachFromDisposeScope();
    }

    /// <summary>One pass: each layer's new keys and values join the cache, and queries see all of their row's up to themselves.</summary>
    private sealed class CachedAttention : IAttention
    {
        private readonly KeyValueCache _cache;
        private readonly int[] _starts;
        private readonly torch.Tensor _slots;
        private readonly int _used;
        private readonly Queries _all, _last;

        public CachedAttention(KeyValueCache cache, int[] starts, torch.Device device)
        {
            (_cache, _starts) = (cache, starts);
            int rows = starts.Length - 1, heads = cache.KeyHeads;
            var positions = new float[starts[rows]];
            var slots = new long[starts[rows] * heads];
            for (int row = 0; row < rows; row++)
                for (int i = starts[row]; i < starts[row + 1]; i++)
                {
                    int position = cache._lengths[row] + i - starts[row];
                    positions[i] = position;
                    _used = Math.Max(_used, cache.PrefixLength + position + 1);
                    for (int head = 0; head < heads; head++) slots[i * heads + head] = ((long)row * heads + head) * cache._slots + cache.PrefixLength + position;
                }
            Positions = torch.tensor(positions, device: device);
            _slots = torch.tensor(slots, device: device);
            _all = new Queries(starts, [.. positions.Select(p => cache.PrefixLength + (int)p + 1)], _used, device);
            _last = starts[rows] == rows ? _all : new Queries([.. Enumerable.Range(0, rows + 1)], [.. starts[1..].Select(end => cache.PrefixLength + (int)positions[Math.Max(0, end - 1)] + 1)], _used, device);
        }

        public int Layer { get; set; }

        public int RowCount => _starts.Length - 1;

        public int[] RowStarts => _starts;

        public torch.Tensor Positions { get; }

        public torch.Tensor Attend(torch.Tensor queries, torch.Tensor keys, torch.Tensor values, (torch.Tensor Keys, torch.Tensor Values)? prefix, int heads,
            Func<torch.Tensor, torch.Tensor>? dropProbabilities, RelativeScores? relative = null)
        {
            int rows = RowCount, keyHeads = _cache.KeyHeads, size = _cache.HeadSize, group = heads / keyHeads;
            var (k, v) = (Joined(_cache._keys[Layer]!, keys), Joined(_cache._values[Layer]!, values));
            // The last layer has queries of each row's last word piece alone.
            var own = queries.shape[0] == _starts[rows] ? _all : _last;
            int longest = own.Longest;
            var q = queries.index_select(0, own.Padded).view(rows, longest, keyHeads, group, size).permute(0, 2, 3, 1, 4).reshape(rows * keyHeads, group * longest, size);
            var scores = torch.bmm(q, k.transpose(1, 2)).TimesInPlace(1 / Math.Sqrt(size));
            if (own.Mask is not null) scores = scores.view(rows, keyHeads * group, longest, _used).PlusInPlace(own.Mask).view(rows * keyHeads, group * longest, _used);
            return torch.bmm(scores.softmax(-1), v).view(rows, keyHeads, group, longest, size).permute(0, 3, 1, 2, 4).reshape(rows * longest, heads * size).index_select(0, own.Unpadded);

            // [B · key heads, slots in use, d], the new word pieces among them.
            torch.Tensor Joined(torch.Tensor cached, torch.Tensor added)
            {
                cached.view(-1, size).index_copy_(0, _slots, added.contiguous().view(-1, size));
                return cached.view(rows * keyHeads, _cache._slots, size).narrow(1, 0, _used);
            }
        }
    }

    /// <summary>How queries are padded to the longest row's, and which slots each sees.</summary>
    private sealed class Queries
    {
        /// <param name="starts">Where each row's queries start, and their count at the end.</param>
        /// <param name="seen">The number of slots that each query sees.</param>
        /// <param name="used">Slots in use.</param>
        /// <param name="device">Of the tensors.</param>
        public Queries(int[] starts, int[] seen, int used, torch.Device device)
        {
            int rows = starts.Length - 1;
            Longest = Enumerable.Range(0, rows).Max(row => starts[row + 1] - starts[row]);
            long[] padded = new long[rows * Longest], unpadded = new long[starts[rows]];
            var mask = new float[rows * Longest * used];
            for (int row = 0; row < rows; row++)
                for (int i = starts[row]; i < starts[row + 1]; i++)
                {
                    int at = row * Longest + i - starts[row];
                    (padded[at], unpadded[i]) = (i, at);
                    mask.AsSpan(at * used + seen[i], used - seen[i]).Fill(float.NegativeInfinity);
                }
            (Padded, Unpadded) = (torch.tensor(padded, device: device), torch.tensor(unpadded, device: device));
            if (seen.Any(count => count < used)) Mask = torch.tensor(mask, device: device).view(rows, 1, Longest, used);
        }

        public int Longest { get; }

        /// <summary>The query of each padded place, the first one where there is none: [B · S].</summary>
        public torch.Tensor Padded { get; }

        /// <summary>The padded place of each query: [Tq].</summary>
        public torch.Tensor Unpadded { get; }

        /// <summary>0 where a query sees a slot, else −∞: [B, 1, S, slots]; null where all see all.</summary>
        public torch.Tensor? Mask { get; }
    }
}
