// Puts columns of one item type one after the other into a vector.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(ColumnConcatenatingTransformer), null, typeof(SignatureLoadModel), "Concat Transform", ColumnConcatenatingTransformer.LoaderSignature)]

namespace Microsoft.ML.Data;

public sealed class ColumnConcatenatingTransformer : RowToRowTransformerBase
{
    internal const string LoaderSignature = "ConcatTransform";

    private readonly string _output;
    private readonly string[] _inputs;

    internal ColumnConcatenatingTransformer(IHostEnvironment env, string outputColumnName, params string[] inputColumnNames)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(ColumnConcatenatingTransformer)))
    {
        Host.CheckNonEmpty(outputColumnName, nameof(outputColumnName));
        Host.CheckNonEmpty(inputColumnNames, nameof(inputColumnNames));
        _output = outputColumnName;
        _inputs = inputColumnNames;
    }

    private static VersionInfo Version => new(
        modelSignature: "CONCAT F",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        loaderAssemblyName: typeof(ColumnConcatenatingTransformer).Assembly.FullName,
        loaderSignature: LoaderSignature);

    private static ColumnConcatenatingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        string output = ctx.LoadNonEmptyString();
        return new(env, output, Utils.BuildArray(ctx.Reader.ReadInt32(), _ => ctx.LoadNonEmptyString()));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        ctx.SaveNonEmptyString(_output);
        ctx.Writer.Write(_inputs.Length);
        foreach (string input in _inputs)
            ctx.SaveNonEmptyString(input);
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper : MapperBase
    {
        private readonly ColumnConcatenatingTransformer _parent;
        private readonly DataViewSchema.Column[] _sources;
        private readonly PrimitiveDataViewType _itemType;

        public Mapper(ColumnConcatenatingTransformer parent, DataViewSchema inputSchema)
            : base(parent.Host.Register(nameof(Mapper)), inputSchema, parent)
        {
            _parent = parent;
            _sources = parent._inputs.Select(name => inputSchema.GetColumnOrNull(name) ?? throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", name)).ToArray();
            _itemType = (PrimitiveDataViewType)_sources[0].Type.GetItemType();
            foreach (DataViewSchema.Column source in _sources)
            {
                if (!source.Type.GetItemType().Equals(_itemType))
                    throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", source.Name, _itemType.ToString(), source.Type.ToString());
            }
        }

        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore()
        {
            bool isKnown = _sources.All(s => s.Type.GetValueCount() > 0);
            var annotations = new DataViewSchema.Annotations.Builder();
            if (isKnown && _sources.Any(s => s.Type is not VectorDataViewType || s.HasSlotNames()))
            {
                ReadOnlyMemory<char>[] names = _sources.SelectMany(SlotNames).ToArray();
                annotations.AddSlotNames(names.Length, (ref VBuffer<ReadOnlyMemory<char>> value) => VBuffer<ReadOnlyMemory<char>>.Copy(names, 0, ref value, names.Length));
            }
            var type = new VectorDataViewType(_itemType, isKnown ? _sources.Sum(s => s.Type.GetValueCount()) : 0);
            return [new(_parent._output, type, annotations.ToAnnotations())];
        }

        protected override Func<int, bool> GetDependenciesCore(Func<int, bool> activeOutput) => col => activeOutput(0) && _sources.Any(s => s.Index == col);

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            return Utils.MarshalInvoke(Getter<int>, _itemType.RawType, input);
        }

        protected override void SaveModel(ModelSaveContext ctx) => _parent.SaveModel(ctx);

        private Delegate Getter<T>(DataViewRow input)
        {
            Action<List<T>>[] appenders = _sources.Select(s => Appender<T>(input, s)).ToArray();
            var items = new List<T>();
            return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
            {
                items.Clear();
                foreach (Action<List<T>> append in appenders)
                    append(items);
                VBufferEditor<T> editor = VBufferEditor.Create(ref value, items.Count);
                items.CopyTo(editor.Values);
                value = editor.Commit();
            });
        }

        private Action<List<T>> Appender<T>(DataViewRow input, DataViewSchema.Column source)
        {
            if (source.Type is not VectorDataViewType vector)
            {
                ValueGetter<T> scalar = input.GetGetter<T>(source);
                T item = default;
                return items =>
                {
                    scalar(ref item);
                    items.Add(item);
                };
            }
            ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(source);
            VBuffer<T> buffer = default;
            return items =>
            {
                getter(ref buffer);
                if (vector.IsKnownSize && buffer.Length != vector.Size)
                    throw Host.Except($"Column '{source.Name}': expected {vector.Size} slots, but got {buffer.Length}");
                items.AddRange(buffer.DenseValues());
            };
        }

        private static IEnumerable<ReadOnlyMemory<char>> SlotNames(DataViewSchema.Column source)
        {
            if (source.Type is not VectorDataViewType vector)
                return [source.Name.AsMemory()];
            if (!source.HasSlotNames())
                return new ReadOnlyMemory<char>[vector.Size];
            VBuffer<ReadOnlyMemory<char>> names = default;
            source.GetSlotNames(ref names);
            return names.DenseValues().Select(n => n.IsEmpty ? n : $"{source.Name}.{n}".AsMemory()).ToArray();
        }
    }
}
