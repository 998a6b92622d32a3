// Metrics of calibration on a few predictions whose scores are known.
using System.Text.Json;

namespace MLNet.PTuning.Tests.Tasks;

public sealed class CalibrationMetricsTests
{
    [Fact]
    public void Errors_are_distances_between_confidence_and_accuracy_of_bins()
    {
        // Of ten bins: two predictions in (0.5, 0.6], one of them right; one in (0.8, 0.9], which is right; one in (0.9, 1], which is wrong.
        var metrics = CalibrationMetrics.Of([([0.6, 0.4], 0), ([0.45, 0.55], 0), ([0.1, 0.9], 1), ([1, 0], 1)], bins: 10);
        Assert.Equal(4, metrics.Predictions);
        Assert.Equal(0.5, metrics.Accuracy);
        Assert.Equal((0.6 + 0.55 + 0.9 + 1) / 4, metrics.Confidence, 1e-12);
        Assert.Equal((2 * 0.075 + 0.1 + 1) / 4, metrics.ExpectedCalibrationError, 1e-12);
        Assert.Equal(1, metrics.MaximumCalibrationError, 1e-12);
        Assert.Equal(-(Math.Log(0.6) + Math.Log(0.45) + Math.Log(0.9) + Math.Log(1e-30)) / 4, metrics.LogLoss, 1e-12);
        Assert.Equal((2 * 0.16 + 2 * 0.55 * 0.55 + 2 * 0.01 + 2) / 4, metrics.BrierScore, 1e-12);
        Assert.Equal([0, 0, 0, 0, 0, 2, 0, 0, 1, 1], metrics.Bins.Select(bin => bin.Count));
        var bin = metrics.Bins[5];
        Assert.Equal((0.5, 0.6, 0.5), (bin.From, bin.To, bin.Accuracy!.Value));
        Assert.Equal(0.575, bin.Confidence!.Value, 1e-12);
        Assert.Null(metrics.Bins[0].Accuracy);
    }

    [Fact]
    public void A_label_that_is_no_class_is_a_wrong_prediction()
    {
        var metrics = CalibrationMetrics.Of([([0.75, 0.25], -1)], bins: 4);
        Assert.Equal((0, 0.75), (metrics.Accuracy, metrics.ExpectedCalibrationError));
        Assert.Equal(-Math.Log(1e-30), metrics.LogLoss, 1e-9);
        Assert.Equal(0.75 * 0.75 + 0.25 * 0.25 + 1, metrics.BrierScore, 1e-12);
    }

    [Fact]
    public void Scores_of_nothing_are_0_and_can_be_written_as_JSON()
    {
        var metrics = CalibrationMetrics.Of([]);
        Assert.Equal((0, 0.0, 15), (metrics.Predictions, metrics.ExpectedCalibrationError, metrics.Bins.Count));
        var read = JsonSerializer.Deserialize<CalibrationMetrics>(JsonSerializer.Serialize(metrics))!;
        Assert.Equal(metrics.Bins, read.Bins);
        Assert.Equal(metrics with { Bins = [] }, read with { Bins = [] });
    }
}
