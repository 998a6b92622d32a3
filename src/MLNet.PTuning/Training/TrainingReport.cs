// What a training run did: its curve, its times, its sizes, its calibration.
using System.Text.Json.Serialization;

namespace MLNet.PTuning;

/// <summary>One epoch of training.</summary>
/// <param name="Number">From 1.</param>
/// <param name="TrainingLoss">Mean cross-entropy over the epoch's steps, with dropout.</param>
/// <param name="ValidationLoss">Mean cross-entropy on the validation set, without dropout; null where there is none.</param>
/// <param name="ValidationScore">The task's score on the validation set (accuracy, entity F1); null where there is none.</param>
/// <param name="Seconds">Wall time, validation included.</param>
public sealed record TrainingEpoch(int Number, double TrainingLoss, double? ValidationLoss, double? ValidationScore, double Seconds)
{
    /// <summary>Mean learning rate over the epoch's steps, of what the method trains beside the head; null in models of earlier versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LearningRate { get; init; }
}

/// <summary>How a model was calibrated (<see cref="TrainingOptions.CalibrateOn"/>).</summary>
/// <param name="Temperature">What scores are divided by before the softmax: above 1 for a model that was too sure. From 0.05 to 20.</param>
/// <param name="Before">Scores of the held-out rows' probabilities as training gave them.</param>
/// <param name="After">The same at the temperature, which is what the model predicts.</param>
public sealed record TrainingCalibration(double Temperature, CalibrationMetrics Before, CalibrationMetrics After)
{
    /// <summary>A line, in the invariant culture.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"temperature {Temperature:f3}, expected calibration error {Before.ExpectedCalibrationError:f4} to {After.ExpectedCalibrationError:f4}, log-loss {Before.LogLoss:f4} to {After.LogLoss:f4} on {After.Predictions} held-out predictions");
}

/// <summary>The record of a training run.</summary>
/// <param name="Epochs">The curve.</param>
/// <param name="BestEpoch">Number of the epoch whose parameters were kept: the best on the validation set, or the last.</param>
/// <param name="Rows">Training rows.</param>
/// <param name="SkippedRows">Rows left out because their label was missing.</param>
/// <param name="TrainedParameters">Number of trained parameters, head included.</param>
/// <param name="TotalParameters">Those and the frozen ones.</param>
/// <param name="Seconds">Wall time of training.</param>
/// <param name="Seed">The seed that was used.</param>
/// <param name="Device">Where it ran, for example <c>cpu</c> or <c>cuda:0</c>.</param>
public sealed record TrainingReport(IReadOnlyList<TrainingEpoch> Epochs, int BestEpoch, int Rows, int SkippedRows, long TrainedParameters,
    long TotalParameters, double Seconds, int Seed, string Device)
{
    /// <summary>How the model was calibrated on the validation rows; null where it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TrainingCalibration? Calibration { get; init; }

    /// <summary>Fraction of parameters that are trained, from 0 to 1.</summary>
    public double TrainedShare => (double)TrainedParameters / TotalParameters;

    /// <summary>The run in one line, in the invariant culture.</summary>
    public override string ToString()
    {
        if (Epochs.Count == 0) return FormattableString.Invariant($"no epochs on {Rows} rows");
        var kept = Epochs.FirstOrDefault(e => e.Number == BestEpoch) ?? Epochs[^1];
        string score = kept.ValidationScore is { } value ? FormattableString.Invariant($", validation score {value:f4}") : "";
        string skipped = SkippedRows > 0 ? FormattableString.Invariant($" ({SkippedRows} without a label left out)") : "";
        return FormattableString.Invariant($"{Epochs.Count} epochs on {Rows} rows{skipped} in {Seconds:f1} s on {Device}, seed {Seed}: ")
            + FormattableString.Invariant($"training loss {Epochs[0].TrainingLoss:f4} to {Epochs[^1].TrainingLoss:f4}, epoch {BestEpoch} kept{score}; ")
            + FormattableString.Invariant($"{TrainedParameters} of {TotalParameters} parameters trained ({100 * TrainedShare:f2} %)")
            + (Calibration is null ? "" : $"; calibrated: {Calibration}");
    }
}
