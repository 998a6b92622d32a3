// One rank's part of the benchmark of ranks: the product's own training loop, with the time that its messages take.
using System.Diagnostics;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Benchmarks.Speed;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Training;
using TorchSharp;

namespace MLNet.PTuning.Benchmarks.Ranks;

/// <summary>What is trained.</summary>
/// <param name="Batch">Rows of a step, of all ranks together.</param>
/// <param name="Length">Word pieces of each row.</param>
/// <param name="Prompt">Vectors a layer.</param>
/// <param name="Steps">Steps that are timed, after as many that are not.</param>
/// <param name="Threads">Of each rank.</param>
internal sealed record RanksPoint(int Batch, int Length, int Prompt, int Steps, int Threads);

/// <summary>Medians over a point's steps, as rank 0 has them.</summary>
/// <param name="Ranks">How many there were.</param>
/// <param name="StepMilliseconds">A step.</param>
/// <param name="WaitMilliseconds">Of these, waiting until the last rank had computed its part.</param>
/// <param name="MessageMilliseconds">Of these, adding up over all ranks from there on.</param>
/// <param name="Bytes">Sent by each rank a step, without the network's own headers.</param>
internal sealed record RanksResult(int Ranks, double StepMilliseconds, double WaitMilliseconds, double MessageMilliseconds, long Bytes)
{
    /// <summary>The share of a step that adding up takes.</summary>
    public double MessageShare => MessageMilliseconds / StepMilliseconds;
}

internal static class RanksMeasurement
{
    /// <summary>Trains as one of the job's ranks.</summary>
    /// <param name="backbone">A generated backbone's folder.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="point">What is trained.</param>
    /// <returns>Rank 0's figures; null on the others.</returns>
    public static RanksResult? Run(string backbone, BertShape shape, RanksPoint point)
    {
        var workload = SpeedWorkload.AllOf(point.Length, shape, point.Prompt, point.Batch * point.Steps);
        using var model = TunedModel.Create(FrozenBackbone.Use(backbone, torch.CPU), new DeepPrompt { Length = point.Prompt }, workload.Classes, pools: true, headDropout: null, seed: 1);
        model.Computation = new Computation(Precision.Float32, point.Threads);
        Example[] rows = [.. workload.Ids().Zip(workload.Labels(), (ids, label) => new Example(ids, new int[ids.Length], Example.FirstToken, [label]))];
        var watch = new Watch(Mpi.World);
        var options = new TextClassificationOptions("unread") { Epochs = 2, BatchSize = point.Batch, LearningRate = 1e-3, Communicator = watch };
        new Trainer(model, options, options.LearningRate.Value, seed: 1, ["negative", "positive"], TextClassification.Accuracy, watch).Run(rows, null, 0);
        return watch.Rank > 0 ? null : watch.Result;
    }

    /// <summary>The ranks, and a clock.</summary>
    private sealed class Watch(ICommunicator ranks) : ICommunicator, ITrainingObserver
    {
        private readonly List<double> _steps = [], _waits = [], _messages = [];
        private long _last, _bytes;

        public int Rank => ranks.Rank;

        public int Size => ranks.Size;

        public RanksResult Result => new(Size, Timing.MedianOf([.. _steps]), Size == 1 ? 0 : Timing.MedianOf([.. _waits]), Size == 1 ? 0 : Timing.MedianOf([.. _messages]), _bytes);

        public void Sum(Span<float> values)
        {
            long start = Stopwatch.GetTimestamp();
            // So that waiting for the last rank is not taken for the message.
            ranks.Barrier();
            long together = Stopwatch.GetTimestamp();
            ranks.Sum(values);
            _waits.Add(Stopwatch.GetElapsedTime(start, together).TotalMilliseconds);
            _messages.Add(Stopwatch.GetElapsedTime(together).TotalMilliseconds);
            _bytes = SpeedUpModel.BytesSent(sizeof(float) * (long)values.Length, Size);
        }

        public void Broadcast(Span<byte> values) => ranks.Broadcast(values);

        public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values) => ranks.Gather(values);

        public void Barrier() => ranks.Barrier();

        public void Fail(string message) => ranks.Fail(message);

        public void AfterStep(int epoch, int step, int stepsPerEpoch, double loss)
        {
            if (_last != 0) _steps.Add(Stopwatch.GetElapsedTime(_last).TotalMilliseconds);
            _last = Stopwatch.GetTimestamp();
        }

        // In the first epoch code is compiled, and memory taken from the system.
        public void AfterEpoch(TrainingEpoch epoch)
        {
            if (epoch.Number > 1) return;
            foreach (var list in (List<double>[])[_steps, _waits, _messages]) list.Clear();
            _last = 0;
        }

        public void Warn(string message) { }
    }
}
