// Estimators one after the other, as one estimator: each is fitted on what the ones before it made of the data.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>One estimator of a chain, and whether the data is cached for those after it.</summary>
internal sealed record EstimatorStep(IEstimator<ITransformer> Estimator, TransformerScope Scope, bool CacheAfter = false);

public sealed class EstimatorChain<TLastTransformer> : IEstimator<TransformerChain<TLastTransformer>>
    where TLastTransformer : class, ITransformer
{
    private readonly IHostEnvironment _env;
    private readonly EstimatorStep[] _steps;

    public readonly IEstimator<TLastTransformer> LastEstimator;

    public EstimatorChain()
        : this(null, [])
    {
    }

    internal EstimatorChain(IHostEnvironment env, EstimatorStep[] steps)
    {
        _env = env;
        _steps = steps;
        LastEstimator = steps is [.., var last] ? (IEstimator<TLastTransformer>)last.Estimator : null;
    }

    public TransformerChain<TLastTransformer> Fit(IDataView input)
    {
        Contracts.CheckValue(input, nameof(input));
        // Before anything is trained, for what it throws.
        GetOutputSchema(SchemaShape.Create(input.Schema));

        var transformers = new ITransformer[_steps.Length];
        IDataView view = input;
        for (int i = 0; i < _steps.Length; i++)
        {
            transformers[i] = _steps[i].Estimator.Fit(view);
            if (i == _steps.Length - 1)
                break;
            view = transformers[i].Transform(view);
            if (_steps[i].CacheAfter)
                view = new DataOperationsCatalog(_env).Cache(view);
        }
        return new TransformerChain<TLastTransformer>(transformers, _steps.Select(s => s.Scope));
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return _steps.Aggregate(inputSchema, (shape, step) => step.Estimator.GetOutputSchema(shape));
    }

    public EstimatorChain<TNewTrans> Append<TNewTrans>(IEstimator<TNewTrans> estimator, TransformerScope scope = TransformerScope.Everything)
        where TNewTrans : class, ITransformer
    {
        Contracts.CheckValue(estimator, nameof(estimator));
        return new EstimatorChain<TNewTrans>(_env, [.. _steps, new EstimatorStep(estimator, scope)]);
    }

    public EstimatorChain<TLastTransformer> AppendCacheCheckpoint(IHostEnvironment env)
    {
        Contracts.CheckValue(env, nameof(env));
        return _steps is [.. var before, var last] ? new EstimatorChain<TLastTransformer>(env, [.. before, last with { CacheAfter = true }]) : this;
    }
}
