// Learns which key each value of a column becomes.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class ValueToKeyMappingEstimator : IEstimator<ValueToKeyMappingTransformer>
{
    private readonly IHost _host;
    private readonly ColumnOptionsBase[] _columns;
    private readonly IDataView _keyData;

    internal ValueToKeyMappingEstimator(IHostEnvironment env, ColumnOptionsBase[] columns, IDataView keyData = null)
    {
        Contracts.CheckValue(env, nameof(env));
        _host = env.Register(nameof(ValueToKeyMappingEstimator));
        _host.CheckNonEmpty(columns, nameof(columns));
        foreach (IGrouping<string, ColumnOptionsBase> repeated in columns.GroupBy(c => c.OutputColumnName).Where(g => g.Count() > 1))
            throw _host.ExceptParam(nameof(columns), $"Name of the result column '{repeated.Key}' specified multiple times");
        _columns = columns;
        _keyData = keyData;
        if (keyData is not null && keyData.Schema.Count(c => !c.IsHidden) is var count and not 1)
            throw _host.ExceptParam(nameof(keyData), $"If specified, this data view should contain only a single column containing the terms to map, but this had {count} columns.");
    }

    public enum KeyOrdinality : byte
    {
        ByOccurrence = 0,
        ByValue = 1,
    }

    public ValueToKeyMappingTransformer Fit(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        return new ValueToKeyMappingTransformer(_host, input, _columns, _keyData);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        var asText = _columns.ToDictionary(c => c.OutputColumnName, c => c.AddKeyValueAnnotationsAsText);
        return ShapeColumns.With(inputSchema, _columns.Select(c => (c.OutputColumnName, c.InputColumnName)), (name, input) =>
        {
            var keyValues = new SchemaShape.Column(
                AnnotationUtils.Kinds.KeyValues,
                SchemaShape.Column.VectorKind.Vector,
                asText[name] ? TextDataViewType.Instance : input.ItemType,
                isKey: false);
            return new SchemaShape.Column(name, input.Kind, NumberDataViewType.UInt32, isKey: true, new SchemaShape([keyValues]));
        });
    }

    internal static class Defaults
    {
        internal const int MaximumNumberOfKeys = 1000000;
        internal const KeyOrdinality Ordinality = KeyOrdinality.ByOccurrence;
        internal const bool AddKeyValueAnnotationsAsText = false;
    }

    public abstract class ColumnOptionsBase
    {
        public readonly string OutputColumnName;
        public readonly string InputColumnName;
        public readonly KeyOrdinality KeyOrdinality;
        public readonly int MaximumNumberOfKeys;
        public readonly bool AddKeyValueAnnotationsAsText;

        private protected ColumnOptionsBase(string outputColumnName, string inputColumnName, int maximumNumberOfKeys, KeyOrdinality keyOrdinality, bool addKeyValueAnnotationsAsText)
        {
            Contracts.CheckNonWhiteSpace(outputColumnName, nameof(outputColumnName));
            OutputColumnName = outputColumnName;
            InputColumnName = inputColumnName ?? outputColumnName;
            MaximumNumberOfKeys = maximumNumberOfKeys;
            KeyOrdinality = keyOrdinality;
            AddKeyValueAnnotationsAsText = addKeyValueAnnotationsAsText;
        }
    }

    public sealed class ColumnOptions : ColumnOptionsBase
    {
        public ColumnOptions(
            string outputColumnName,
            string inputColumnName = null,
            int maximumNumberOfKeys = Defaults.MaximumNumberOfKeys,
            KeyOrdinality keyOrdinality = Defaults.Ordinality,
            bool addKeyValueAnnotationsAsText = Defaults.AddKeyValueAnnotationsAsText)
            : base(outputColumnName, inputColumnName, maximumNumberOfKeys, keyOrdinality, addKeyValueAnnotationsAsText)
        {
        }
    }
}
