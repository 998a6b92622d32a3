// Column files as a data view.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace MLNet.PTuning.Pipeline;

/// <summary>Rows of words, with labels and predicates where the files have them.</summary>
internal sealed class ConllView : FileView<ConllRow>
{
    private const string Words = "Words", Label = "Label", Predicate = "Predicate";

    private readonly IHost _host;
    private readonly IReadOnlyList<string> _paths;
    private readonly ConllOptions _options;
    private int _logged;

    public ConllView(IHostEnvironment environment, IReadOnlyList<string> paths, ConllOptions options) : base(SchemaOf(options)) =>
        (_host, _paths, _options) = (environment.Register(nameof(ConllView)), paths, options.Copy());

    private static DataViewSchema SchemaOf(ConllOptions options)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(Words, new VectorDataViewType(TextDataViewType.Instance));
        if (options.PredicateColumn is not null || options.LabelColumn is not null)
            builder.AddColumn(Label, new VectorDataViewType(TextDataViewType.Instance));
        if (options.PredicateColumn is not null) builder.AddColumn(Predicate, NumberDataViewType.Int32);
        return builder.ToSchema();
    }

    protected override IEnumerable<ConllRow> Rows()
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

    protected override Delegate Getter(string column, Func<ConllRow> row) => column switch
    {
        Words => Texts(() => row().Words),
        Label => Texts(() => row().Labels),
        _ => (ValueGetter<int>)((ref int value) => value = row().Predicate),
    };
}
