// The hidden states before the first layer: a share of the batch at a time, each row written once.
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Word, segment and position vectors, summed up and normed; what stands in for a table that a family has not is zeros.</summary>
internal sealed unsafe class FrozenEmbeddings<TLanes> : IDisposable where TLanes : struct, ILanes<TLanes>
{
    private readonly Embeddings _tables;
    private readonly NormWeights _norm;
    private readonly Scratch _zeros = new();
    private readonly float* _words, _types, _positions, _zero;

    /// <param name="tables">Must outlive this.</param>
    public FrozenEmbeddings(Embeddings tables)
    {
        (_tables, _norm) = (tables, NormWeights.Of(tables.Norm));
        _zero = _zeros.Reserve(_norm.Width);
        new Span<float>(_zero, _norm.Width).Clear();
        _words = Buffers.At(tables.Words);
        _types = At(tables.Types);
        _positions = At(tables.Positions);

        static float* At(torch.Tensor? table) => table is null ? null : Buffers.At(table);
    }

    /// <summary>Hidden states of a share's rows.</summary>
    /// <param name="pass">The batch and its prompt.</param>
    /// <param name="rows">The share.</param>
    /// <param name="mask">What training drops of them.</param>
    /// <param name="to">[T of the share, H].</param>
    public void Fill(Pass pass, RowRange rows, in DropMask mask, float* to)
    {
        var batch = pass.Batch;
        int width = _norm.Width;
        for (int row = rows.First; row < rows.First + rows.Count; row++)
            for (int i = batch.RowStarts[row]; i < batch.RowStarts[row + 1]; i++, to += width)
            {
                int type = _types is null ? 0 : Math.Min(batch.Types[i], (int)_tables.Types!.shape[0] - 1);
                float* word = Row(_words, _tables.Words, batch.Ids[i], "word piece"), position = Row(_positions, _tables.Positions, _tables.FirstPosition + pass.PrefixLength + i - batch.RowStarts[row], "position");
                Elementwise<TLanes, float>.DropAddNorm(word, Row(_types, _tables.Types, type, "segment"), default, 0, position, _norm, to, to, null, null, 1);
                if (mask.IsActive) mask.Apply<TLanes>(to, width, i);
            }
        GC.KeepAlive(this);
    }

    public void Dispose() => _zeros.Dispose();

    private float* Row(float* at, torch.Tensor? table, int index, string what)
    {
        if (table is null) return _zero;
        if ((uint)index >= table.shape[0]) throw new ArgumentOutOfRangeException(nameof(index), index, $"The backbone's embeddings have {table.shape[0]} rows for a {what}.");
        return at + (long)index * _norm.Width;
    }
}
