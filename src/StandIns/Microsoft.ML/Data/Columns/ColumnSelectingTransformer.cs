// Keeps or drops columns.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(ColumnSelectingTransformer), null, typeof(SignatureLoadModel), ColumnSelectingTransformer.UserName, ColumnSelectingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class ColumnSelectingEstimator : TrivialEstimator<ColumnSelectingTransformer>
{
    internal ColumnSelectingEstimator(IHostEnvironment env, string[] keepColumns, string[] dropColumns, bool keepHidden = false)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(ColumnSelectingEstimator)), new ColumnSelectingTransformer(env, keepColumns, dropColumns, keepHidden))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        SchemaShape.Column[] named = [.. Transformer.Named.Select(name => ShapeColumns.Find(inputSchema, name))];
        return new SchemaShape(Transformer.Keeps ? named : inputSchema.Where(c => named.All(n => n.Name != c.Name)));
    }
}

public sealed class ColumnSelectingTransformer : ITransformer
{
    internal const string LoaderSignature = "SelectColumnsTransform";
    internal const string UserName = "Select Columns Transform";

    private readonly IHost _host;
    private readonly bool _keepsHidden;

    /// <summary>Of the two lists of names one is null.</summary>
    internal ColumnSelectingTransformer(IHostEnvironment env, string[] keepColumns, string[] dropColumns, bool keepHidden = false)
    {
        Contracts.CheckValue(env, nameof(env));
        _host = env.Register(nameof(ColumnSelectingTransformer));
        Keeps = keepColumns is not null;
        Named = keepColumns ?? dropColumns;
        _host.CheckNonEmpty(Named, Keeps ? nameof(keepColumns) : nameof(dropColumns));
        _keepsHidden = keepHidden;
    }

    private ColumnSelectingTransformer(IHost host, ModelLoadContext ctx)
    {
        _host = host;
        Keeps = ctx.Reader.ReadBoolean();
        _keepsHidden = ctx.Reader.ReadBoolean();
        Named = new string[ctx.Reader.ReadInt32()];
        for (int i = 0; i < Named.Length; i++)
            Named[i] = ctx.LoadNonEmptyString();
    }

    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>Whether the named columns are those kept or those dropped.</summary>
    internal bool Keeps { get; }

    internal string[] Named { get; }

    private static VersionInfo Version => new("SELCOLST", 0x00010001, 0x00010001, 0x00010001, typeof(ColumnSelectingTransformer).Assembly.FullName, LoaderSignature);

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Select(inputSchema).OutputSchema;

    public IDataView Transform(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        return new SelectedColumnsView(input, Select(input.Schema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => Select(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        ctx.Writer.Write(Keeps);
        ctx.Writer.Write(_keepsHidden);
        ctx.Writer.Write(Named.Length);
        foreach (string name in Named)
            ctx.SaveNonEmptyString(name);
    }

    private static ColumnSelectingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        return new ColumnSelectingTransformer(env.Register(nameof(ColumnSelectingTransformer)), ctx);
    }

    private SelectedColumns Select(DataViewSchema inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        foreach (string name in Named.Where(n => inputSchema.GetColumnOrNull(n) is null))
            throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", name);
        var candidates = inputSchema.Where(c => _keepsHidden || !c.IsHidden);
        var selected = Keeps ? Named.SelectMany(name => candidates.Where(c => c.Name == name)) : candidates.Where(c => !Named.Contains(c.Name));
        return new SelectedColumns(inputSchema, [.. selected]);
    }
}
