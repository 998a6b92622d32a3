// Loads delimited text files: knows the columns and the format, and gives a lazy view of whatever files it is handed.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed partial class TextLoader : IDataLoader<IMultiStreamSource>
{
    private readonly IHost _host;
    private readonly TextFormat _format;
    private readonly TextColumn[] _columns;
    private readonly DataViewSchema _schema;

    internal TextLoader(IHostEnvironment env, Options options = null, IMultiStreamSource dataSample = null)
    {
        Contracts.CheckValue(env, nameof(env));
        options ??= new Options();
        _host = env.Register("TextLoader");
        _format = new TextFormat(_host, options);
        if (options.Columns is not { Length: > 0 } columns)
            throw _host.ExceptUserArg("Source", "Can't determine the number of source columns without valid data");
        bool needsSample = dataSample is not null && columns.Any(c => c.Source is { } ranges && ranges.Any(r => r.Max is null));
        int? fields = needsSample ? _format.FirstRow(dataSample)?.Length : null;
        _columns = columns.Select(c => new TextColumn(_host, c, fields)).ToArray();
        ReadOnlyMemory<char>[] header = dataSample is null || !options.HasHeader ? null : _format.Header(dataSample);
        var builder = new DataViewSchema.Builder();
        foreach (TextColumn column in _columns)
            builder.AddColumn(column.Name, column.Type, column.SlotNames(header));
        _schema = builder.ToSchema();
    }

    /// <summary>A loader of the columns that the members of <typeparamref name="TInput"/> declare by <see cref="LoadColumnAttribute"/>.</summary>
    internal static TextLoader CreateTextLoader<TInput>(IHostEnvironment host, Options options = null, IMultiStreamSource dataSample = null)
    {
        options ??= new Options();
        options.Columns = TextColumn.Declared(host, typeof(TInput));
        return new TextLoader(host, options, dataSample);
    }

    public DataViewSchema GetOutputSchema() => _schema;

    public IDataView Load(IMultiStreamSource source)
    {
        Contracts.CheckValue(source, nameof(source));
        return new TextFileView(_host, _schema, _columns, _format, source);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        throw _host.ExceptNotSupp("This stand-in saves transformers only: save the model with the schema of the training data instead of its loader.");
}
