// Column files as a data view: nothing is cached, every cursor reads the files again.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace MLNet.PTuning.Pipeline;

/// <summary>Rows of words, with labels and predicates where the files have them.</summary>
internal sealed class ConllView : IDataView
{
    private const string Words = "Words", Label = "Label", Predicate = "Predicate";

    private readonly IHost _host;
    private readonly IReadOnlyList<string> _paths;
    private readonly ConllOptions _options;
    private int _logged;

    public ConllView(IHostEnvironment environment, IReadOnlyList<string> paths, ConllOptions options)
    {
        (_host, _paths, _options) = (environment.Register(nameof(ConllView)), paths, options.Copy());
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(Words, new VectorDataViewType(TextDataViewType.Instance));
        if (options.PredicateColumn is not null || options.LabelColumn is not null)
            builder.AddColumn(Label, new VectorDataViewType(TextDataViewType.Instance));
        if (options.PredicateColumn is not null) builder.AddColumn(Predicate, NumberDataViewType.Int32);
        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => false;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(this, [.. columnsNeeded.Select(c => c.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private IEnumerable<ConllRow> Rows()
    {
        var reader = new ConllReader(_options);
        foreach (string path in _paths)
            foreach (var row in reader.Rows(path)) yield return row;
        if (reader is { WithoutRoles: 0, Comments: 0 } || Interlocked.Exchange(ref _logged, 1) != 0) yield break;
        using var channel = _host.Start(nameof(ConllView));
        if (reader.WithoutRoles > 0)
            channel.Warning(MessageSensitivity.None, "{0} of {1} sentences have no predicate with labels and give no row.", reader.WithoutRoles, reader.Sentences);
        if (reader.Comments > 0)
            channel.Info(MessageSensitivity.None, "{0} lines that begin with # were read as comments, first {1}; set CommentPrefix where that is wrong.", reader.Comments, reader.FirstComment);
    }

    private sealed class Cursor(ConllView view, HashSet<int> active) : DataViewRowCursor
    {
        private readonly IEnumerator<ConllRow> _rows = view.Rows().GetEnumerator();
        private long _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override bool MoveNext()
        {
            _position = _rows.MoveNext() ? _position + 1 : -1;
            return _position >= 0;
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column)) throw new InvalidOperationException($"The column '{column.Name}' is not active in this cursor.");
            Delegate getter = column.Name switch
            {
                Words => Texts(row => row.Words),
                Label => Texts(row => row.Labels),
                _ => (ValueGetter<int>)((ref int value) => value = Current.Predicate),
            };
            return getter as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"The column '{column.Name}' is of type {column.Type.RawType}, not {typeof(TValue)}.");
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
            value = _position >= 0 ? new DataViewRowId((ulong)_position, 0) : throw NotOnARow();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _rows.Dispose();
                _position = -1;
            }
            base.Dispose(disposing);
        }

        private ConllRow Current => _position >= 0 ? _rows.Current : throw NotOnARow();

        private static InvalidOperationException NotOnARow() => new("The cursor is not on a row; call MoveNext first.");

        private ValueGetter<VBuffer<ReadOnlyMemory<char>>> Texts(Func<ConllRow, string[]> texts) =>
            (ref VBuffer<ReadOnlyMemory<char>> destination) =>
            {
                string[] values = texts(Current);
                var editor = VBufferEditor.Create(ref destination, values.Length);
                for (int i = 0; i < values.Length; i++) editor.Values[i] = values[i].AsMemory();
                destination = editor.Commit();
            };
    }
}
