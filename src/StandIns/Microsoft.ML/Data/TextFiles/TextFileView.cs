// A view of text files that reads them afresh, in order, for every cursor.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class TextFileView(IHost host, DataViewSchema schema, TextColumn[] columns, TextFormat format, IMultiStreamSource source) : IDataView
{
    public bool CanShuffle => false;

    public DataViewSchema Schema => schema;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) => new Cursor(this, host, columnsNeeded);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private TextColumnReader ReaderOf(int column) => TextColumnReader.Create(columns[column], format);

    private IEnumerator<(long Line, List<ReadOnlyMemory<char>> Fields)> Rows() => format.Rows(source).GetEnumerator();

    private sealed class Cursor : RootCursorBase
    {
        private readonly TextFileView _view;
        private readonly TextColumnReader[] _readers;
        private readonly Delegate[] _getters;
        private readonly IEnumerator<(long Line, List<ReadOnlyMemory<char>> Fields)> _rows;

        internal Cursor(TextFileView view, IChannelProvider provider, IEnumerable<DataViewSchema.Column> columnsNeeded)
            : base(provider)
        {
            _view = view;
            _readers = new TextColumnReader[view.Schema.Count];
            foreach (DataViewSchema.Column column in columnsNeeded)
                _readers[column.Index] = view.ReaderOf(column.Index);
            _getters = [.. _readers.Select(r => r?.Getter)];
            _rows = view.Rows();
        }

        public override long Batch => 0;

        public override DataViewSchema Schema => _view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < _readers.Length && _readers[column.Index] is not null;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => RowGetters.Typed<TValue>(_getters, column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new DataViewRowId((ulong)Position, 0);

        protected override bool MoveNextCore()
        {
            try
            {
                if (!NextRow())
                    return false;
                foreach (TextColumnReader reader in _readers)
                    reader?.Read(_rows.Current.Line, _rows.Current.Fields);
                return true;
            }
            catch (Exception e) when (e is FormatException or InvalidOperationException)
            {
                throw new FormatException($"Parsing failed with an exception: {e.Message}", e);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _rows.Dispose();
            base.Dispose(disposing);
        }

        private bool NextRow()
        {
            try
            {
                return _rows.MoveNext();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new FormatException("Stream reading encountered exception", e);
            }
        }
    }
}
