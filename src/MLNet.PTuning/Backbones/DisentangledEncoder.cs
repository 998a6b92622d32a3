// DeBERTa's layers: disentangled attention (He et al., 2021, section 3.1), with the log buckets of v2, and v2's convolution parallel to the first layer.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>The shared encoder with scores of content to position and of position to content.</summary>
internal sealed class DisentangledEncoder(BackboneConfig config, Embeddings embeddings, IReadOnlyList<LayerWeights> layers, DistanceWeights? distances,
    DebertaConvolution? convolution) : PostNormEncoder(config, embeddings, layers)
{
    public override torch.Tensor Layer(int index, torch.Tensor hidden, IAttention layout, PromptState prompt, Dropout? dropout, torch.Tensor? readPositions)
    {
        var output = base.Layer(index, hidden, layout, prompt, dropout, readPositions);
        if (index > 0 || convolution is null) return output;
        var convolved = Drop(convolution.Apply(hidden, layout.RowStarts), dropout, Config.HiddenDropout, Counted.Pieces);
        return convolution.Join(output, readPositions is null ? convolved : convolved.index_select(0, readPositions));
    }

    protected override bool HasRelativeScores => true;

    protected override RelativeScores? RelativeScores(LayerWeights layer, int index, Dropout? dropout)
    {
        if (distances is null) return null;
        var table = Drop(distances.Table(), dropout, Config.HiddenDropout, Counted.Nothing);
        var keys = distances.ContentToPosition ? Heads((distances.Keys?[index] ?? layer.Key).Apply(table)) : null;
        var queries = distances.PositionToContent ? Heads((distances.Queries?[index] ?? layer.Query).Apply(table)) : null;
        double scale = 1 / Math.Sqrt((double)Config.HeadSize * distances.ScoreKinds);
        return new RelativeScores(scale, (q, k, between) =>
        {
            // [B, Sq, Sk] → [B · heads, Sq, Sk]
            var rows = distances.RowsOf(between);
            long batch = rows.shape[0], queryCount = rows.shape[1], keyCount = rows.shape[2];
            rows = rows.unsqueeze(1).expand(batch, Config.HeadCount, queryCount, keyCount).reshape(batch * Config.HeadCount, queryCount, keyCount);
            torch.Tensor? scores = null;
            if (keys is not null) scores = torch.bmm(q, Tiled(keys, batch)).gather(2, rows);
            if (queries is not null)
            {
                var fromPosition = torch.bmm(k, Tiled(queries, batch)).gather(2, rows.transpose(1, 2)).transpose(1, 2);
                scores = scores is null ? fromPosition : scores.Plus(fromPosition);
            }
            return scores!.Times(scale);
        });

        // [2 · span, H] → [heads, d, 2 · span]
        torch.Tensor Heads(torch.Tensor x) => x.view(x.shape[0], Config.HeadCount, Config.HeadSize).permute(1, 2, 0);

        static torch.Tensor Tiled(torch.Tensor x, long batch) =>
            x.unsqueeze(0).expand(batch, x.shape[0], x.shape[1], x.shape[2]).reshape(batch * x.shape[0], x.shape[1], x.shape[2]);
    }
}
