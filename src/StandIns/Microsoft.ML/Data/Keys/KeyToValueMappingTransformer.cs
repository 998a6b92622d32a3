// Maps keys back to the values that the key column's annotation holds.
using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(KeyToValueMappingTransformer), null, typeof(SignatureLoadModel), KeyToValueMappingTransformer.UserName, KeyToValueMappingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class KeyToValueMappingEstimator : TrivialEstimator<KeyToValueMappingTransformer>
{
    internal KeyToValueMappingEstimator(IHostEnvironment env, params (string outputColumnName, string inputColumnName)[] columns)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(KeyToValueMappingEstimator)), new KeyToValueMappingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return ShapeColumns.With(inputSchema, Transformer.Columns, (name, input) =>
        {
            if (!input.IsKey)
                throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", input.Name, "KeyType", input.GetTypeString());
            if (!input.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out SchemaShape.Column keyValues))
                throw Host.ExceptParam(nameof(inputSchema), $"Input column '{input.Name}' doesn't contain key values metadata");
            return new SchemaShape.Column(name, input.Kind, keyValues.ItemType, keyValues.IsKey);
        });
    }
}

public sealed class KeyToValueMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "KeyToValueTransform";
    internal const string UserName = "Key To Value Transform";

    internal KeyToValueMappingTransformer(IHostEnvironment env, params (string outputColumnName, string inputColumnName)[] columns)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(KeyToValueMappingTransformer)), columns)
    {
    }

    private KeyToValueMappingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
    }

    public IReadOnlyCollection<(string outputColumnName, string inputColumnName)> Columns => ColumnPairs;

    private static VersionInfo Version => new("KEY2VALT", 0x00010001, 0x00010001, 0x00010001, typeof(KeyToValueMappingTransformer).Assembly.FullName, LoaderSignature);

    private static KeyToValueMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        return new KeyToValueMappingTransformer(env.Register(nameof(KeyToValueMappingTransformer)), ctx);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        SaveColumns(ctx);
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema inputSchema) => new Mapper(this, inputSchema);

    private protected override void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
        if (inputSchema[srcCol].Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues)?.Type is not VectorDataViewType)
            throw Host.Except("Metadata KeyValues does not exist");
    }

    private sealed class Mapper(KeyToValueMappingTransformer parent, DataViewSchema inputSchema) : OneToOneMapperBase(parent.Host, parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() => parent.ColumnPairs.Select((pair, i) =>
        {
            PrimitiveDataViewType item = ValuesOf(i).ItemType;
            DataViewType type = Input(i).Type is VectorDataViewType vector ? new VectorDataViewType(item, vector.Dimensions) : item;
            return new DataViewSchema.DetachedColumn(pair.outputColumnName, type);
        }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            return Utils.MarshalInvoke(Getter<int>, ValuesOf(iinfo).ItemType.RawType, input, Input(iinfo));
        }

        private static Delegate Getter<TValue>(DataViewRow row, DataViewSchema.Column column)
        {
            VBuffer<TValue> buffer = default;
            column.Annotations.GetValue(AnnotationUtils.Kinds.KeyValues, ref buffer);
            TValue[] values = [.. buffer.DenseValues()];
            return Type.GetTypeCode(column.Type.GetItemType().RawType) switch
            {
                TypeCode.Byte => Getter<byte, TValue>(row, column, values),
                TypeCode.UInt16 => Getter<ushort, TValue>(row, column, values),
                TypeCode.UInt32 => Getter<uint, TValue>(row, column, values),
                _ => Getter<ulong, TValue>(row, column, values),
            };
        }

        private static Delegate Getter<TKey, TValue>(DataViewRow row, DataViewSchema.Column column, TValue[] values)
            where TKey : IBinaryInteger<TKey>
        {
            TValue missing = TermValue.Missing<TValue>();
            TValue Map(TKey key) => ulong.CreateTruncating(key) is var k && k >= 1 && k <= (ulong)values.Length ? values[k - 1] : missing;
            if (column.Type is not VectorDataViewType)
            {
                ValueGetter<TKey> getter = row.GetGetter<TKey>(column);
                TKey key = default;
                return (ValueGetter<TValue>)((ref TValue value) =>
                {
                    getter(ref key);
                    value = Map(key);
                });
            }
            ValueGetter<VBuffer<TKey>> vectorGetter = row.GetGetter<VBuffer<TKey>>(column);
            VBuffer<TKey> keys = default;
            return (ValueGetter<VBuffer<TValue>>)((ref VBuffer<TValue> mapped) =>
            {
                vectorGetter(ref keys);
                VBufferEditor<TValue> editor = VBufferEditor.Create(ref mapped, keys.Length);
                int slot = 0;
                foreach (TKey key in keys.DenseValues())
                    editor.Values[slot++] = Map(key);
                mapped = editor.Commit();
            });
        }

        private VectorDataViewType ValuesOf(int output) => (VectorDataViewType)Input(output).Annotations.Schema[AnnotationUtils.Kinds.KeyValues].Type;

        private DataViewSchema.Column Input(int output) => InputSchema[ColMapNewToOld[output]];
    }
}
