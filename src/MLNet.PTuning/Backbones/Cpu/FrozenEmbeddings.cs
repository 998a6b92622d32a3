// The hidden states before the first layer: a part of the batch at a time, each row written once.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Word, segment and position vectors, summed up and, where the family has a norm of them, normed; a table that a family lacks counts as zeros.</summary>
internal sealed unsafe class FrozenEmbeddings<TLanes> : IDisposable where TLanes : struct, ILanes<TLanes>
{
    private readonly NormWeights? _norm;
    private readonly int _width, _firstPosition;
    private readonly Scratch _zeros = new();
    private readonly float* _zero;
    private readonly Table _words, _types, _positions;

    /// <param name="tables">Must outlive this.</param>
    public FrozenEmbeddings(Embeddings tables)
    {
        (_norm, _width, _firstPosition) = (tables.Norm is null ? null : NormWeights.Of(tables.Norm), tables.Words.Width, tables.FirstPosition);
        _zero = _zeros.Reserve(_width);
        new Span<float>(_zero, _width).Clear();
        _words = Of(tables.Words, "word piece");
        _types = Of(tables.Types, "segment");
        _positions = Of(tables.Positions, "position");

        static Table Of(EmbeddingTable? table, string what) => table is null ? default : new Table(Buffers.At(table.Values), table.Scales is null ? null : Buffers.At(table.Scales), table.RowCount, what);
    }

    /// <summary>Whether a word piece's hidden state depends on its position.</summary>
    public bool HasPositions => _positions.At is not null;

    /// <summary>Hidden states of a part's rows.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="rows">The part.</param>
    /// <param name="prefixLength">By which the text's positions move up.</param>
    /// <param name="mask">What training drops of them.</param>
    /// <param name="to">[T of the part, H].</param>
    /// <param name="scratch">Memory that it may overwrite.</param>
    public void Fill(PackedBatch batch, RowRange rows, int prefixLength, in DropMask mask, float* to, Scratch scratch)
    {
        int width = _width;
        float* floats = scratch.Reserve(3L * width);
        for (int row = rows.First; row < rows.First + rows.Count; row++)
            for (int i = batch.RowStarts[row]; i < batch.RowStarts[row + 1]; i++, to += width)
            {
                float* word = Row(_words, batch.Ids[i], floats), type = Row(_types, Math.Min(batch.Types[i], _types.Rows - 1), floats + width);
                float* position = Row(_positions, _firstPosition + prefixLength + i - batch.RowStarts[row], floats + 2 * width);
                if (_norm is { } norm) Elementwise<TLanes, float>.DropAddNorm(word, type, default, 0, position, norm, to, to, null, null, 1);
                else
                    for (int k = 0; k < width; k += TLanes.Count) (TLanes.Load(word + k) + TLanes.Load(type + k) + TLanes.Load(position + k)).Store(to + k);
                if (mask.IsActive) mask.Apply<TLanes>(to, width, i);
            }
        GC.KeepAlive(this);
    }

    public void Dispose() => _zeros.Dispose();

    // A row of 8-bit integers is written out as floats.
    private float* Row(in Table table, int index, float* floats)
    {
        if (table.At is null) return _zero;
        if ((uint)index >= (uint)table.Rows) throw new ArgumentOutOfRangeException(nameof(index), index, $"The backbone's embeddings have {table.Rows} rows for a {table.What}.");
        int width = _width;
        if (table.Scales is null) return (float*)table.At + (long)index * width;
        var scale = TLanes.All(table.Scales[index]);
        sbyte* row = (sbyte*)table.At + (long)index * width;
        for (int k = 0; k < width; k += TLanes.Count) (TLanes.Load(row + k) * scale).Store(floats + k);
        return floats;
    }

    // Asking a tensor for its shape is a call into libtorch, too much for every word piece.
    private readonly struct Table(void* at, float* scales, int rows, string what)
    {
        public void* At { get; } = at;

        public float* Scales { get; } = scales;

        public int Rows { get; } = rows;

        public string What { get; } = what;
    }
}
