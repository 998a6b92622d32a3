// Cross-validation as every catalog of a training task does it: train on all folds but one, evaluate on that one.
using Microsoft.ML.Data;

namespace Microsoft.ML;

public abstract partial class TrainCatalogBase
{
    private protected IReadOnlyList<CrossValidationResult<T>> CrossValidate<T>(
        IDataView data,
        IEstimator<ITransformer> estimator,
        int numberOfFolds,
        string samplingKeyColumnName,
        int? seed,
        Func<IDataView, T> evaluate)
        where T : class
    {
        Runtime.Contracts.CheckValue(estimator, nameof(estimator));
        return DataOperationsCatalog.Folds(Environment, data, numberOfFolds, samplingKeyColumnName, seed).Select((fold, number) =>
        {
            ITransformer model = estimator.Fit(fold.TrainSet);
            IDataView scored = model.Transform(fold.TestSet);
            return new CrossValidationResult<T>(model, evaluate(scored), scored, number);
        }).ToArray();
    }

    /// <summary>One fold's model, what it made of the rows held out, and how good that is.</summary>
    public sealed class CrossValidationResult<T>
        where T : class
    {
        public readonly ITransformer Model;
        public readonly T Metrics;
        public readonly IDataView ScoredHoldOutSet;
        public readonly int Fold;

        internal CrossValidationResult(ITransformer model, T metrics, IDataView scores, int fold)
        {
            Model = model;
            Metrics = metrics;
            ScoredHoldOutSet = scores;
            Fold = fold;
        }
    }
}
