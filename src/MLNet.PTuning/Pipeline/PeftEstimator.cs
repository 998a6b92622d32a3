// A model that was trained elsewhere as a step of an ML.NET pipeline.
using Microsoft.ML;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning;

/// <summary>
/// Appends a model from a PEFT folder, or from a checkpoint of P-Tuning v2's code, to a pipeline. Nothing is learned from the rows: <c>Fit</c> checks their
/// columns and returns the model, the same one every time, as ML.NET's <c>ApplyOnnxModel</c> does.
/// </summary>
/// <typeparam name="TTransformer">The kind of model.</typeparam>
public sealed class PeftEstimator<TTransformer> : IEstimator<TTransformer> where TTransformer : class, ITransformer
{
    private readonly Func<SchemaShape, IEnumerable<SchemaShape.Column>> _added;

    internal PeftEstimator(TTransformer model, Func<SchemaShape, IEnumerable<SchemaShape.Column>> added) => (Model, _added) = (model, added);

    /// <summary>The model, for use without a pipeline to fit.</summary>
    public TTransformer Model { get; }

    /// <summary>Checks the columns and returns the model.</summary>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public TTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        Model.GetOutputSchema(input.Schema);
        return Model;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return PredictionSchema.Promise(inputSchema, _added(inputSchema));
    }
}
