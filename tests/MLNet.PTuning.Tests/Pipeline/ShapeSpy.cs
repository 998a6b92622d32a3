// Looks at the schema shape that a chain shows to its estimators.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Tests.Pipeline;

internal sealed class ShapeSpy : IEstimator<ITransformer>
{
    public SchemaShape? Seen { get; private set; }

    public ITransformer Fit(IDataView input) => new EstimatorChain<ITransformer>().Fit(input);

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Seen = inputSchema;

    /// <summary>The shape of a view's schema as ML.NET makes it: a chain shows it to its estimators.</summary>
    public static SchemaShape ShapeOf(MLContext ml, IDataView data)
    {
        var spy = new ShapeSpy();
        ml.Transforms.SelectColumns([.. data.Schema.Select(c => c.Name).Distinct()]).Append(spy).Fit(data);
        return spy.Seen!;
    }

    /// <summary>The columns of a shape as text, a line each, in alphabetical order.</summary>
    public static List<string> Described(SchemaShape shape) => [.. shape.OrderBy(c => c.Name).Select(c =>
        $"{c.Name}: {c.Kind} of {(c.IsKey ? "key " : "")}{c.ItemType} with {string.Join("; ", Described(c.Annotations))}")];
}
