// Bases of cursors: over a source of their own, over another cursor's rows, and in step with another cursor.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Counts positions and ends itself after the last row.</summary>
internal abstract class RootCursorBase : DataViewRowCursor
{
    protected readonly IChannel Ch;
    private long _position = -1;
    private bool _disposed;

    protected RootCursorBase(IChannelProvider provider) => Ch = provider.Start("Cursor");

    public sealed override long Position => _position;

    protected bool IsGood => _position >= 0;

    public sealed override bool MoveNext()
    {
        if (_disposed)
            return false;
        if (MoveNextCore())
        {
            _position++;
            return true;
        }
        Dispose();
        return false;
    }

    protected abstract bool MoveNextCore();

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
            return;
        _disposed = true;
        _position = -1;
        if (disposing)
            Ch.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Passes on some of the rows of another cursor.</summary>
internal abstract class LinkedRootCursorBase(IChannelProvider provider, DataViewRowCursor input) : RootCursorBase(provider)
{
    protected DataViewRowCursor Input { get; } = input;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Input.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Moves as another cursor moves and adds columns to its rows.</summary>
internal abstract class SynchronizedCursorBase(DataViewRowCursor input) : DataViewRowCursor
{
    protected DataViewRowCursor Input { get; } = input;

    protected bool IsGood => Input.Position >= 0;

    public sealed override long Position => Input.Position;

    public sealed override long Batch => Input.Batch;

    public sealed override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    public sealed override bool MoveNext() => Input.MoveNext();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Input.Dispose();
        base.Dispose(disposing);
    }
}
