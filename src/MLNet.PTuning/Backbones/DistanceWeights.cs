// The vectors that DeBERTa has for distances between word pieces, and which distance takes which.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>A table of 2 · span vectors, row span + b for distances of bucket b, and what turns them into keys and queries.</summary>
internal sealed class DistanceWeights
{
    private readonly torch.Tensor _table;
    private readonly Norm? _norm;
    private readonly int _span, _buckets, _farthest;

    private DistanceWeights(torch.Tensor table, Norm? norm, int span, int buckets, int farthest) =>
        (_table, _norm, _span, _buckets, _farthest) = (table, norm, span, buckets, farthest);

    /// <summary>Whether a query looks at the distance's key.</summary>
    public bool ContentToPosition { get; private init; }

    /// <summary>Whether a key is looked at by the distance's query.</summary>
    public bool PositionToContent { get; private init; }

    /// <summary>Each layer's projection to keys; null where that of the content is taken.</summary>
    public Linear[]? Keys { get; private init; }

    /// <summary>Each layer's projection to queries; null where that of the content is taken.</summary>
    public Linear[]? Queries { get; private init; }

    /// <summary>How many scores are summed up, that of content included.</summary>
    public int ScoreKinds => 1 + (ContentToPosition ? 1 : 0) + (PositionToContent ? 1 : 0);

    /// <summary>The tensors of a checkpoint; null where its attention has no distances.</summary>
    public static DistanceWeights? Of(BackboneConfig config, EncoderWeights weights)
    {
        var fields = config.Fields;
        if (!fields.Flag("relative_attention", false)) return null;
        var kinds = fields.Texts("pos_att_type", '|');
        if (kinds.FirstOrDefault(kind => kind is not ("c2p" or "p2c")) is { } other)
            throw new NotSupportedException($"pos_att_type '{other}' is not supported; supported are c2p and p2c.");
        if (kinds.Count == 0) return null;
        bool c2p = kinds.Contains("c2p"), p2c = kinds.Contains("p2c"), shared = fields.Flag("share_att_key", false);
        int farthest = fields.Integer("max_relative_positions", -1), buckets = fields.Integer("position_buckets", -1);
        if (farthest < 1) farthest = config.MaxPositions;
        int span = buckets > 0 ? buckets : farthest;
        bool normed = fields.Texts("norm_rel_ebd", '|').Contains("layer_norm");
        return new DistanceWeights(weights.Tensor("encoder.rel_embeddings.weight", 2L * span, config.HiddenSize),
            normed ? weights.Norm("encoder.LayerNorm", config.HiddenSize, config.LayerNormEpsilon) : null, span, buckets, farthest)
        {
            ContentToPosition = c2p,
            PositionToContent = p2c,
            Keys = c2p && !shared ? PerLayer("pos_key_proj") : null,
            Queries = p2c && !shared ? PerLayer("pos_query_proj") : null,
        };

        Linear[] PerLayer(string name) =>
            [.. Enumerable.Range(0, config.LayerCount).Select(l => weights.Linear($"encoder.layer.{l}.attention.self.{name}", config.HiddenSize, config.HiddenSize))];
    }

    /// <summary>[2 · span, H].</summary>
    public torch.Tensor Table() => _norm?.Apply(_table) ?? _table;

    /// <summary>The table's row for each distance (query's position − key's position).</summary>
    public torch.Tensor RowsOf(torch.Tensor distances)
    {
        // Distances lie between −S and S, S being the longest row: a small table from the host, looked up on the device.
        int longest = (int)distances.shape[2];
        var rows = new long[2 * longest + 1];
        for (int distance = -longest; distance <= longest; distance++)
            rows[longest + distance] = Math.Clamp(Bucket(distance) + _span, 0, 2 * _span - 1);
        using Scalar first = longest;
        return torch.tensor(rows, device: distances.device).index_select(0, distances.add(first, Arithmetic.One).view(-1)).view(distances.shape);
    }

    // Near distances have a bucket each; farther ones share buckets whose widths grow.
    private int Bucket(int distance)
    {
        int middle = _buckets / 2, away = Math.Abs(distance);
        if (_buckets <= 0 || away <= middle || middle == 0) return distance;
        double bucket = Math.Ceiling(Math.Log((double)away / middle) / Math.Log((_farthest - 1.0) / middle) * (middle - 1)) + middle;
        return double.IsFinite(bucket) ? (int)Math.Min(bucket, int.MaxValue / 2) * Math.Sign(distance) : Math.Sign(distance) * _span;
    }
}
