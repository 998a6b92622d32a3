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
        if (Warning(temperature, scored) is { } warning) observer.Warn(warning);
        model.DivideScores(temperature);
        return new TrainingCalibration(temperature, Metrics(1), Metrics(temperature));

        CalibrationMetrics Metrics(double at) => CalibrationMetrics.Of(scored.Select(row => (row.Probabilities(at), row.Target)));
    }

    /// <summary>Says where predictions do not tell what the temperature is, and what to do; null where they do.</summary>
    /// <param name="temperature">The temperature that was found.</param>
    /// <param name="scored">The predictions that it was found on.</param>
    public static string? Warning(double temperature, IReadOnlyList<ScoredSoftmax> scored) => temperature switch
    {
        TemperatureScaling.Lowest => FormattableString.Invariant($"The {scored.Count} predictions that the model is calibrated on fit best at a temperature below {temperature}, which is taken: their probabilities are close to each other, as after little training. Train longer, or hold out more rows."),
        TemperatureScaling.Highest => FormattableString.Invariant($"The {scored.Count} predictions that the model is calibrated on fit best at a temperature above {temperature}, which is taken: they are hardly better than chance. Hold out more rows, or see why the model does not learn."),
        _ when scored.All(row => row.IsRight) => $"All {scored.Count} predictions that the model is to be calibrated on are right, which does not tell how sure of them it may be: its probabilities are left as they are (temperature 1). Hold out more rows.",
        _ => null,
    };
}
