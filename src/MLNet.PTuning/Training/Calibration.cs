// Calibrates a trained model: finds the temperature on held-out rows and divides the head's scores by it.
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Training;

internal static class Calibration
{
    /// <summary>Divides a model's scores by the temperature that fits held-out rows best.</summary>
    /// <param name="model">A model whose training has ended.</param>
    /// <param name="rows">Rows that it was not trained on, with their targets.</param>
    /// <param name="predicted">What it predicts for them.</param>
    /// <param name="observer">Is warned where the rows do not say what the temperature is.</param>
    public static TrainingCalibration Run(TunedModel model, IReadOnlyList<Example> rows, IReadOnlyList<float[]> predicted, ITrainingObserver observer)
    {
        List<ScoredSoftmax> scored = [.. rows.Zip(predicted).SelectMany(row => ScoredSoftmax.Of(row.First, row.Second, model.ClassCount))];
        double temperature = TemperatureScaling.Of(scored);
        if (temperature is TemperatureScaling.Lowest or TemperatureScaling.Highest)
            observer.Warn(FormattableString.Invariant($"The {scored.Count} predictions that the model is calibrated on fit best at a temperature beyond {temperature}, which is taken; hold out more rows."));
        else if (scored.All(row => row.IsRight))
            observer.Warn($"All {scored.Count} predictions that the model is to be calibrated on are right, which does not tell how sure of them it may be: its probabilities are left as they are (temperature 1). Hold out more rows.");
        model.DivideScores(temperature);
        return new TrainingCalibration(temperature, Metrics(1), Metrics(temperature));

        CalibrationMetrics Metrics(double at) => CalibrationMetrics.Of(scored.Select(row => (row.Probabilities(at), row.Target)));
    }
}
