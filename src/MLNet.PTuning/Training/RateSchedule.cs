// The learning rate of every step.
namespace MLNet.PTuning.Training;

/// <summary>Warm-up from 0, then the chosen fall; steps are counted from 0.</summary>
internal sealed class RateSchedule(TrainingOptions options, double highest, int stepsPerEpoch, int epochs)
{
    private const double DecayPerEpoch = 0.95;

    private readonly int _steps = stepsPerEpoch * epochs;
    private readonly int _warmup = (int)(stepsPerEpoch * epochs * options.WarmupRatio);

    /// <summary>The mean rate over the steps of an epoch, which is counted from 0.</summary>
    public double MeanOf(int epoch) => Enumerable.Range(epoch * stepsPerEpoch, stepsPerEpoch).Average(RateAt);

    public double RateAt(int step)
    {
        if (step < _warmup) return highest * step / _warmup;
        double done = (double)(step - _warmup) / Math.Max(1, _steps - _warmup);
        return highest * options.Schedule switch
        {
            LearningRateSchedule.Linear => 1 - done,
            LearningRateSchedule.Cosine => (1 + Math.Cos(Math.PI * done)) / 2,
            LearningRateSchedule.Constant => 1,
            LearningRateSchedule.EpochDecay => Math.Pow(DecayPerEpoch, step / stepsPerEpoch),
            _ => throw new InvalidOperationException($"{options.Schedule} is no schedule."),
        };
    }
}
