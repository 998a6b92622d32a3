// How well a model does on held-out rows, and which parameters are kept for it.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning.Training;

/// <summary>How well predictions (<see cref="TunedModel.Predict"/>) fit examples; higher is better.</summary>
internal delegate double ScoreFunction(IReadOnlyList<Example> examples, IReadOnlyList<float[]> predicted);

/// <summary>Scores models on validation sets, and keeps the parameters of the best epoch.</summary>
internal static class Validation
{
    /// <summary>Mean cross-entropy over all positions with a target, and the score, without dropout; and what both are of.</summary>
    /// <exception cref="OperationCanceledException">The options' token was canceled.</exception>
    public static (double Loss, double Score, float[][] Predicted) Run(TunedModel model, IReadOnlyList<Example> examples, ScoreFunction score, TrainingOptions options)
    {
        float[][] predicted = Predict(model, examples, options);
        double loss = 0;
        int count = 0;
        for (int row = 0; row < examples.Count; row++)
        {
            var (sum, targets) = CrossEntropy.OfPrediction(examples[row], predicted[row], model.ClassCount);
            (loss, count) = (loss + sum, count + targets);
        }
        return (loss / Math.Max(count, 1), score(examples, predicted), predicted);
    }

    /// <summary>Predictions of all examples.</summary>
    /// <exception cref="OperationCanceledException">The options' token was canceled.</exception>
    public static float[][] Predict(TunedModel model, IReadOnlyList<Example> examples, TrainingOptions options)
    {
        var predicted = new float[examples.Count][];
        foreach (int[] batch in Enumerable.Range(0, examples.Count).OrderBy(i => examples[i].Ids.Length).Chunk(options.BatchSize))
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            float[][] ofBatch = model.Predict([.. batch.Select(i => examples[i])]);
            for (int i = 0; i < batch.Length; i++) predicted[batch[i]] = ofBatch[i];
        }
        return predicted;
    }

    /// <summary>Whether an epoch's parameters are to be kept instead of another's.</summary>
    public static bool IsBetter(TrainingEpoch a, TrainingEpoch b) =>
        a.ValidationScore > b.ValidationScore || (a.ValidationScore == b.ValidationScore && a.ValidationLoss < b.ValidationLoss);

    /// <summary>Values of parameters as they are now.</summary>
    public static float[][] Snapshot(IEnumerable<Parameter> parameters) => ComputeThread.Run(() => parameters.Select(p => ParameterFactory.ToArray(p.Value)).ToArray());

    /// <summary>Sets parameters to the values of a snapshot.</summary>
    public static void Restore(IEnumerable<Parameter> parameters, float[][] values) => ComputeThread.Run(() =>
    {
        foreach (var (parameter, value) in parameters.Zip(values)) ParameterFactory.Copy(value, parameter.Value);
    });
}
