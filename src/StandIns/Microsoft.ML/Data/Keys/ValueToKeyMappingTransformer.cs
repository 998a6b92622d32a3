// Maps values to keys, which begin at 1; 0 is for missing and unknown values.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(ValueToKeyMappingTransformer), null, typeof(SignatureLoadModel), ValueToKeyMappingTransformer.UserName, ValueToKeyMappingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class ValueToKeyMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "TermTransform";
    internal const string UserName = "Term Transform";
    private const string RegistrationName = "Term";
    private const string Vocabulary = "Vocabulary";

    private readonly TermMap[] _maps;
    private readonly bool[] _textKeyValues;

    internal ValueToKeyMappingTransformer(IHostEnvironment env, IDataView input, ValueToKeyMappingEstimator.ColumnOptionsBase[] columns, IDataView keyData)
        : base(env.Register(RegistrationName), columns.Select(c => (c.OutputColumnName, c.InputColumnName)).ToArray())
    {
        _textKeyValues = [.. columns.Select(c => c.AddKeyValueAnnotationsAsText)];
        _maps = new TermMap[columns.Length];
        DataViewSchema.Column[] inputs = [.. columns.Select(c =>
            input.Schema.GetColumnOrNull(c.InputColumnName) ?? throw Host.ExceptSchemaMismatch("inputSchema", "input", c.InputColumnName))];
        for (int i = 0; i < columns.Length; i++)
        {
            Host.CheckUserArg(columns[i].MaximumNumberOfKeys > 0, "MaxNumTerms", "Must be positive");
            _maps[i] = TermMap.Create(inputs[i].Type, columns[i].MaximumNumberOfKeys);
        }
        using (IChannel channel = Host.Start("Training"))
        {
            if (keyData is null)
            {
                Learn(input, inputs, _maps);
            }
            else
            {
                DataViewSchema.Column given = keyData.Schema.Single(c => !c.IsHidden);
                foreach (TermMap map in _maps)
                {
                    Host.CheckParam(given.Type.Equals(map.ItemType), nameof(keyData), $"Input data's column must be of type '{map.ItemType}' but was '{given.Type}'");
                    Learn(keyData, [given], [map]);
                }
            }
        }
        for (int i = 0; i < columns.Length; i++)
        {
            if (columns[i].KeyOrdinality == ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
                _maps[i].Sort();
        }
    }

    private ValueToKeyMappingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        _textKeyValues = [.. ColumnPairs.Select(_ => ctx.Reader.ReadBoolean())];
        _maps = new TermMap[ColumnPairs.Length];
        host.CheckDecode(ctx.TryProcessSubModel(Vocabulary, vocabulary =>
        {
            for (int i = 0; i < _maps.Length; i++)
                _maps[i] = TermMap.Load(vocabulary.Reader);
        }));
    }

    private static VersionInfo Version => new("TERMTRNF", 0x00010001, 0x00010001, 0x00010001, typeof(ValueToKeyMappingTransformer).Assembly.FullName, LoaderSignature);

    private static VersionInfo VocabularyVersion => new("TERMMANG", 0x00010001, 0x00010001, 0x00010001, typeof(ValueToKeyMappingTransformer).Assembly.FullName, "TermManager");

    private static ValueToKeyMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        return new ValueToKeyMappingTransformer(env.Register(RegistrationName), ctx);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        SaveColumns(ctx);
        foreach (bool asText in _textKeyValues)
            ctx.Writer.Write(asText);
        ctx.SaveSubModel(Vocabulary, vocabulary =>
        {
            vocabulary.SetVersionInfo(VocabularyVersion);
            foreach (TermMap map in _maps)
                map.Save(vocabulary.Writer);
            vocabulary.SaveTextStream("Terms.txt", writer =>
            {
                foreach (TermMap map in _maps)
                    map.WriteText(writer);
            });
        });
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private protected override void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
        DataViewSchema.Column column = inputSchema[srcCol];
        if (!column.Type.GetItemType().Equals(_maps[col].ItemType))
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.Name, _maps[col].ItemType.ToString(), column.Type.ToString());
    }

    /// <summary>One pass over the data for all maps that still want values.</summary>
    private static void Learn(IDataView data, DataViewSchema.Column[] columns, TermMap[] maps)
    {
        using DataViewRowCursor cursor = data.GetRowCursor(columns.Distinct());
        List<Func<bool>> learners = [.. maps.Select((map, i) => map.Learner(cursor, columns[i]))];
        while (learners.Count > 0 && cursor.MoveNext())
            learners.RemoveAll(learn => !learn());
    }

    private sealed class Mapper(ValueToKeyMappingTransformer parent, DataViewSchema inputSchema) : OneToOneMapperBase(parent.Host, parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() => parent.ColumnPairs.Select((pair, i) =>
        {
            TermMap map = parent._maps[i];
            // A key type needs at least one key, also where no value was seen.
            var key = new KeyDataViewType(typeof(uint), Math.Max(1, map.Count));
            DataViewType type = Input(i).Type is VectorDataViewType vector ? new VectorDataViewType(key, vector.Dimensions) : key;
            var annotations = new DataViewSchema.Annotations.Builder();
            map.AddKeyValues(annotations, parent._textKeyValues[i]);
            return new DataViewSchema.DetachedColumn(pair.outputColumnName, type, annotations.ToAnnotations());
        }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            return parent._maps[iinfo].Getter(input, Input(iinfo));
        }

        private DataViewSchema.Column Input(int output) => InputSchema[ColMapNewToOld[output]];
    }
}
