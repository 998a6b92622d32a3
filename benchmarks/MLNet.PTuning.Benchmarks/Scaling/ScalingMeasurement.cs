// Time and memory of one point of the scaling benchmark: the product's own training and prediction on one workload.
using MLNet.PTuning.Benchmarks.Speed;

namespace MLNet.PTuning.Benchmarks.Scaling;

/// <summary>What time and memory are measured against.</summary>
/// <param name="Rows">Rows in all.</param>
/// <param name="Length">Word pieces of each row.</param>
/// <param name="Prompt">Vectors a layer.</param>
/// <param name="Classes">Classes of the head.</param>
/// <param name="Layers">Layers of the backbone, of 256 and 4 heads each.</param>
internal sealed record ScalingPoint(int Rows, int Length, int Prompt, int Classes, int Layers)
{
    public BertShape Shape => BertShape.Small with { Name = $"{Layers} × {BertShape.Small.Hidden}", Layers = Layers, Positions = 640 };
}

/// <summary>One point's figures.</summary>
/// <param name="Point">The point.</param>
/// <param name="Train">Milliseconds a row, one figure a repetition.</param>
/// <param name="Predict">Milliseconds a row, one figure a repetition.</param>
/// <param name="PredictBytes">Resident memory that prediction adds at its peak to the process with backbone and model in it.</param>
/// <param name="TrainBytes">The same of training after it.</param>
internal sealed record ScalingResult(ScalingPoint Point, double[] Train, double[] Predict, long PredictBytes, long TrainBytes)
{
    public double TrainMedian => Timing.MedianOf(Train);

    public double PredictMedian => Timing.MedianOf(Predict);
}

internal static class ScalingMeasurement
{
    // How often resident memory is read.
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(2);

    /// <param name="backbone">Folder of a generated backbone of the point's shape.</param>
    /// <param name="point">What to run.</param>
    /// <param name="repetitions">Passes that are timed.</param>
    public static ScalingResult Run(string backbone, ScalingPoint point, int repetitions)
    {
        // Loading, compiled code and libtorch's own memory are no part of what a workload adds; a few short rows bring them in.
        using var first = Side(backbone, point with { Rows = 4, Length = 4 });
        first.Predict();
        first.Train();
        long before = Environment.WorkingSet;
        using var product = Side(backbone, point);
        // The passes in which memory is watched also warm up, and are not timed.
        long predictPeak = PeakOf(() => product.Predict()), trainPeak = PeakOf(() => product.Train());
        return new ScalingResult(point, Repeat(product.Train), Repeat(product.Predict), predictPeak - before, trainPeak - before);

        double[] Repeat(Func<double> run) => [.. Enumerable.Range(0, repetitions).Select(_ => 1000 * run() / point.Rows)];
    }

    private static ProductSide Side(string backbone, ScalingPoint point) =>
        new(backbone, SpeedWorkload.AllOf(point.Length, point.Shape, point.Prompt, point.Rows) with { Classes = point.Classes }, Precision.Float32);

    private static long PeakOf(Action run)
    {
        long peak = Environment.WorkingSet;
        using var ended = new ManualResetEventSlim();
        var watch = new Thread(() =>
        {
            while (!ended.Wait(Period)) peak = Math.Max(peak, Environment.WorkingSet);
        });
        watch.Start();
        run();
        ended.Set();
        watch.Join();
        return Math.Max(peak, Environment.WorkingSet);
    }
}
