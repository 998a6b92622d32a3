// Maps rows as objects, by an action of the user's own.
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(ITransformer), typeof(LambdaTransform), null, typeof(SignatureLoadModel), "", LambdaTransform.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class CustomMappingTransformer<TSrc, TDst> : ITransformer
    where TSrc : class, new()
    where TDst : class, new()
{
    private readonly IHost _host;
    private readonly Action<TSrc, TDst> _map;
    private readonly string _contractName;
    private readonly SchemaDefinition _inputDefinition;

    internal CustomMappingTransformer(IHostEnvironment env, Action<TSrc, TDst> mapAction, string contractName, SchemaDefinition inputSchemaDefinition = null, SchemaDefinition outputSchemaDefinition = null)
    {
        Contracts.CheckValue(env, nameof(env));
        _host = env.Register(nameof(CustomMappingTransformer<TSrc, TDst>));
        _host.CheckValue(mapAction, nameof(mapAction));
        _map = mapAction;
        _contractName = contractName;
        _inputDefinition = inputSchemaDefinition;
        Added = MemberColumn.ToRead(typeof(TDst), outputSchemaDefinition);
    }

    internal MemberColumn[] Added { get; }

    bool ITransformer.IsRowToRowMapper => true;

    void ICanSaveModel.Save(ModelSaveContext ctx) => SaveModel(ctx);

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        return new RowToRowMapper(inputSchema, new Mapper(this, inputSchema)).OutputSchema;
    }

    public IDataView Transform(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        return new RowToRowMapperTransform(input, new Mapper(this, input.Schema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        return new RowToRowMapper(inputSchema, new Mapper(this, inputSchema));
    }

    private void SaveModel(ModelSaveContext ctx)
    {
        if (string.IsNullOrEmpty(_contractName))
            throw _host.Except("Empty contract name for a transform: the transform cannot be saved");
        LambdaTransform.Save(ctx, _contractName, _map.Method.DeclaringType.Assembly.FullName);
    }

    private sealed class Mapper(CustomMappingTransformer<TSrc, TDst> parent, DataViewSchema inputSchema) : IRowMapper
    {
        private readonly MemberBinding<TSrc> _source = MemberBinding<TSrc>.To(inputSchema, ignoreMissingColumns: false, parent._inputDefinition);

        public Func<int, bool> GetDependencies(Func<int, bool> activeOutput) =>
            col => Enumerable.Range(0, parent.Added.Length).Any(activeOutput) && _source.Columns.Any(c => c.Index == col);

        public DataViewSchema.DetachedColumn[] GetOutputColumns() => MemberColumn.Schema(parent.Added).Select(c => new DataViewSchema.DetachedColumn(c)).ToArray();

        public Delegate[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            var getters = new Delegate[parent.Added.Length];
            if (!Enumerable.Range(0, getters.Length).Any(activeOutput))
                return getters;
            Action<TSrc> fill = _source.FillFrom(input);
            var source = new TSrc();
            TDst result = null;
            long position = -1;
            for (int i = 0; i < getters.Length; i++)
                getters[i] = activeOutput(i) ? parent.Added[i].Getter(Mapped) : null;
            return getters;

            // Once a row, however many of its columns are asked for.
            TDst Mapped()
            {
                if (result is null || position != input.Position)
                {
                    fill(source);
                    parent._map(source, result = new TDst());
                    position = input.Position;
                }
                return result;
            }
        }

        public ITransformer GetTransformer() => parent;

        void ICanSaveModel.Save(ModelSaveContext ctx) => parent.SaveModel(ctx);
    }
}

/// <summary>Saves and loads custom mappings by the name of their contract.</summary>
internal static class LambdaTransform
{
    public const string LoaderSignature = "CustomTransformer";

    private static VersionInfo Version => new(
        modelSignature: "CUSTOMXF",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        loaderAssemblyName: typeof(LambdaTransform).Assembly.FullName,
        loaderSignature: LoaderSignature);

    public static void Save(ModelSaveContext ctx, string contractName, string contractAssembly)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        ctx.SaveNonEmptyString(contractName);
        ctx.SaveNonEmptyString(contractAssembly);
    }

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        string contractName = ctx.LoadNonEmptyString();
        env.ComponentCatalog.RegisterAssembly(Assembly.Load(ctx.LoadNonEmptyString()));
        object factory = env.ComponentCatalog.GetExtensionValue(env, typeof(CustomMappingFactoryAttributeAttribute), contractName);
        return ((ICustomMappingFactory)factory).CreateTransformer(env, contractName);
    }
}
