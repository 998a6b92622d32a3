// What is said where held-out predictions do not tell what the temperature is: which bound was met, and what to do.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Training;

namespace MLNet.PTuning.Tests.Training;

public sealed class CalibrationWarningTests
{
    [Fact]
    public void Probabilities_that_are_too_close_to_each_other_are_to_be_trained_longer() => Says(margin: 0.001, right: 9, "below 0.05", "Train longer");

    [Fact]
    public void Sure_predictions_that_are_no_better_than_chance_are_said_to_be_so() => Says(margin: 9, right: 5, "above 20", "hardly better than chance");

    [Fact]
    public void Predictions_that_tell_the_temperature_are_not_warned_of() => Assert.Null(Calibration.Warning(TemperatureScaling.Of(Rows(1, 8)), Rows(1, 8)));

    private static void Says(double margin, int right, params string[] parts)
    {
        var rows = Rows(margin, right);
        string warning = Calibration.Warning(TemperatureScaling.Of(rows), rows)!;
        Assert.All(parts, part => Assert.Contains(part, warning));
    }

    // Ten predictions of the first of two classes, by the same margin, of which some are right.
    private static List<ScoredSoftmax> Rows(double margin, int right) => [.. Enumerable.Range(0, 10).Select(i => new ScoredSoftmax([margin, 0], i < right ? 0 : 1))];
}
