// Changes texts' case and takes out diacritics, punctuation and numbers.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Text;

[assembly: LoadableClass(typeof(TextNormalizingTransformer), null, typeof(SignatureLoadModel), TextNormalizingTransformer.UserName, TextNormalizingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms.Text;

public sealed class TextNormalizingEstimator : TrivialEstimator<TextNormalizingTransformer>
{
    internal const string ExpectedColumnType = "String or vector of String";

    internal TextNormalizingEstimator(IHostEnvironment env, CaseMode caseMode, bool keepDiacritics, bool keepPunctuations, bool keepNumbers, params (string outputColumnName, string inputColumnName)[] columns)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(TextNormalizingEstimator)), new TextNormalizingTransformer(env, caseMode, keepDiacritics, keepPunctuations, keepNumbers, columns))
    {
    }

    public enum CaseMode
    {
        Lower = 0,
        Upper = 1,
        None = 2,
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return ShapeColumns.With(inputSchema, Transformer.Columns, (name, input) =>
        {
            if (input.ItemType is not TextDataViewType)
                throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", input.Name, ExpectedColumnType, input.GetTypeString());
            // Texts of which nothing is left are dropped, so a vector's size is not known.
            SchemaShape.Column.VectorKind kind = input.Kind == SchemaShape.Column.VectorKind.Scalar ? input.Kind : SchemaShape.Column.VectorKind.VariableVector;
            return new SchemaShape.Column(name, kind, TextDataViewType.Instance, isKey: false);
        });
    }

    internal static class Defaults
    {
        internal const CaseMode Mode = CaseMode.Lower;
        internal const bool KeepDiacritics = false;
        internal const bool KeepPunctuations = true;
        internal const bool KeepNumbers = true;
    }
}

public sealed class TextNormalizingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "TextNormalizerTransform";
    internal const string UserName = "Text Normalizer Transform";

    private readonly TextNormalizer _normalizer;

    internal TextNormalizingTransformer(
        IHostEnvironment env,
        TextNormalizingEstimator.CaseMode caseMode,
        bool keepDiacritics,
        bool keepPunctuations,
        bool keepNumbers,
        params (string outputColumnName, string inputColumnName)[] columns)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(TextNormalizingTransformer)), columns) =>
        _normalizer = new TextNormalizer(caseMode, keepDiacritics, keepPunctuations, keepNumbers);

    private TextNormalizingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx) =>
        _normalizer = new TextNormalizer((TextNormalizingEstimator.CaseMode)ctx.Reader.ReadByte(), ctx.Reader.ReadBoolean(), ctx.Reader.ReadBoolean(), ctx.Reader.ReadBoolean());

    public IReadOnlyCollection<(string outputColumnName, string inputColumnName)> Columns => ColumnPairs;

    private static VersionInfo Version => new("TEXTNORM", 0x00010001, 0x00010001, 0x00010001, typeof(TextNormalizingTransformer).Assembly.FullName, LoaderSignature);

    private static TextNormalizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        return new TextNormalizingTransformer(env.Register(nameof(TextNormalizingTransformer)), ctx);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        SaveColumns(ctx);
        ctx.Writer.Write((byte)_normalizer.CaseMode);
        ctx.Writer.Write(_normalizer.KeepDiacritics);
        ctx.Writer.Write(_normalizer.KeepPunctuations);
        ctx.Writer.Write(_normalizer.KeepNumbers);
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private protected override void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
        DataViewSchema.Column column = inputSchema[srcCol];
        if (column.Type.GetItemType() is not TextDataViewType)
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.Name, TextNormalizingEstimator.ExpectedColumnType, column.Type.ToString());
    }

    private sealed class Mapper(TextNormalizingTransformer parent, DataViewSchema inputSchema) : OneToOneMapperBase(parent.Host, parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() => parent.ColumnPairs.Select((pair, i) =>
        {
            DataViewType type = Input(i).Type is VectorDataViewType ? new VectorDataViewType(TextDataViewType.Instance) : TextDataViewType.Instance;
            return new DataViewSchema.DetachedColumn(pair.outputColumnName, type);
        }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            TextNormalizer normalizer = parent._normalizer;
            if (Input(iinfo).Type is not VectorDataViewType)
            {
                ValueGetter<ReadOnlyMemory<char>> getter = input.GetGetter<ReadOnlyMemory<char>>(Input(iinfo));
                ReadOnlyMemory<char> text = default;
                return (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) =>
                {
                    getter(ref text);
                    value = normalizer.Normalize(text);
                });
            }
            ValueGetter<VBuffer<ReadOnlyMemory<char>>> vectorGetter = input.GetGetter<VBuffer<ReadOnlyMemory<char>>>(Input(iinfo));
            VBuffer<ReadOnlyMemory<char>> texts = default;
            return (ValueGetter<VBuffer<ReadOnlyMemory<char>>>)((ref VBuffer<ReadOnlyMemory<char>> values) =>
            {
                vectorGetter(ref texts);
                ReadOnlyMemory<char>[] left = [.. texts.DenseValues().Select(normalizer.Normalize).Where(t => !t.IsEmpty)];
                VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref values, left.Length);
                left.CopyTo(editor.Values);
                values = editor.Commit();
            });
        }

        private DataViewSchema.Column Input(int output) => InputSchema[ColMapNewToOld[output]];
    }
}
