// Promises and makes the transformer that concatenates columns.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class ColumnConcatenatingEstimator : IEstimator<ColumnConcatenatingTransformer>
{
    private readonly IHost _host;
    private readonly string _output;
    private readonly string[] _inputs;

    internal ColumnConcatenatingEstimator(IHostEnvironment env, string outputColumnName, params string[] inputColumnNames)
    {
        Contracts.CheckValue(env, nameof(env));
        _host = env.Register(nameof(ColumnConcatenatingEstimator));
        _host.CheckNonEmpty(outputColumnName, nameof(outputColumnName));
        _host.CheckNonEmpty(inputColumnNames, nameof(inputColumnNames));
        _output = outputColumnName;
        _inputs = inputColumnNames;
    }

    public ColumnConcatenatingTransformer Fit(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        return new ColumnConcatenatingTransformer(_host, _output, _inputs);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        SchemaShape.Column[] sources = _inputs
            .Select(name => inputSchema.TryFindColumn(name, out SchemaShape.Column column) ? column : throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", name))
            .ToArray();
        foreach (SchemaShape.Column source in sources)
        {
            if (!source.ItemType.Equals(sources[0].ItemType))
                throw _host.Except($"Concatenated columns should have the same type. Column '{source.Name}' has type of {source.ItemType}, but expected column type is {sources[0].ItemType}.");
        }
        bool isKnown = sources.All(s => s.Kind != SchemaShape.Column.VectorKind.VariableVector);
        bool isNamed = isKnown && sources.Any(s => s.Kind == SchemaShape.Column.VectorKind.Scalar || s.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out _));
        var slotNames = new SchemaShape.Column(AnnotationUtils.Kinds.SlotNames, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, false);
        Dictionary<string, SchemaShape.Column> result = inputSchema.ToDictionary(c => c.Name);
        result[_output] = new SchemaShape.Column(
            _output,
            isKnown ? SchemaShape.Column.VectorKind.Vector : SchemaShape.Column.VectorKind.VariableVector,
            sources[0].ItemType,
            sources[0].IsKey,
            new SchemaShape(isNamed ? [slotNames] : []));
        return new SchemaShape(result.Values);
    }
}
