// What comes before the first layer: word, position and segment embeddings, their norm, and a projection where they are narrower.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Turns word pieces into the first hidden states.</summary>
/// <param name="Words">[V, E].</param>
/// <param name="Norm">Norm of the sum; null where the family has none.</param>
internal sealed record Embeddings(EmbeddingTable Words, Norm? Norm)
{
    /// <summary>[positions, E]; null where the family has none.</summary>
    public EmbeddingTable? Positions { get; init; }

    /// <summary>[segments, E]; null where the family has none.</summary>
    public EmbeddingTable? Types { get; init; }

    /// <summary>E → H; null where both are the same.</summary>
    public Linear? Projection { get; init; }

    /// <summary>Whether the projection comes before the norm instead of after it (and after dropout).</summary>
    public bool ProjectsFirst { get; init; }

    /// <summary>Position of a row's first word piece where there is no prompt.</summary>
    public int FirstPosition { get; init; }

    /// <summary>[T, H]. A prefix moves the text's positions up by its length; a prompt's vectors replace word embeddings.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="prompt">What the tuning method gives.</param>
    /// <param name="drop">What training does to the normed sum.</param>
    public torch.Tensor Apply(PackedBatch batch, PromptState prompt, Func<torch.Tensor, torch.Tensor> drop)
    {
        var sum = Words.Rows(Array.ConvertAll(batch.Ids, i => (long)Math.Max(i, 0)));
        if (prompt.Vectors is not null)
        {
            long[] positions = [.. Enumerable.Range(0, batch.Ids.Length).Where(i => batch.Ids[i] < 0).Select(i => (long)i)];
            sum = sum.index_copy(0, torch.tensor(positions, device: sum.device), prompt.Vectors.index_select(0, torch.tensor(Array.ConvertAll(positions, i => -1L - batch.Ids[i]), device: sum.device)));
        }
        // A model with one segment may have a tokenizer that numbers the segments of a pair.
        if (Types is not null) sum = sum.Plus(Types.Rows(Array.ConvertAll(batch.Types, i => (long)Math.Min(i, Types.RowCount - 1))));
        if (Positions is not null) sum = sum.Plus(Positions.Rows(batch.Positions(FirstPosition + prompt.Length)));
        if (Projection is null) return drop(Normed(sum));
        return ProjectsFirst ? drop(Normed(Projection.Apply(sum))) : Projection.Apply(drop(Normed(sum)));

        torch.Tensor Normed(torch.Tensor x) => Norm?.Apply(x) ?? x;
    }
}
