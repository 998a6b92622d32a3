// The state of a training run between two steps: with the rows and the settings, all that the rest of it depends on.
using System.Diagnostics;
using System.Text.Json.Serialization;

namespace MLNet.PTuning.Training;

/// <summary>A run's position and its results so far. Random numbers are functions of the seed and the position, so none are kept.</summary>
internal sealed class RunState
{
    private readonly double _secondsBefore;
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>A run that stopped at some step.</summary>
    [JsonConstructor]
    public RunState(ClassCounts counts, List<TrainingEpoch> epochs, double seconds) => (Counts, Epochs, _secondsBefore) = (counts, epochs, seconds);

    /// <summary>A run's beginning.</summary>
    public RunState(int classes) : this(ClassCounts.None(classes), [], 0) { }

    /// <summary>Steps done in the epoch under way.</summary>
    public int Step { get; set; }

    /// <summary>Sum of these steps' losses.</summary>
    public double LossSum { get; set; }

    /// <summary>What they predicted.</summary>
    public ClassCounts Counts { get; private set; }

    /// <summary>Epochs done.</summary>
    public List<TrainingEpoch> Epochs { get; }

    /// <summary>Number of the best of them on the validation set, from 1; null without one.</summary>
    public int? BestEpoch { get; set; }

    /// <summary>The parameters after that epoch.</summary>
    [JsonIgnore]
    public float[][] BestParameters { get; set; } = [];

    /// <summary>What was predicted for the validation set after that epoch, where the model is to be calibrated on it; null where that epoch was before the run was continued.</summary>
    [JsonIgnore]
    public float[][]? BestPredictions { get; set; }

    /// <summary>Seconds that the run has taken, those before it was continued included.</summary>
    public double Seconds => _secondsBefore + _clock.Elapsed.TotalSeconds;

    /// <summary>Index of the epoch under way, from 0.</summary>
    [JsonIgnore]
    public int Epoch => Epochs.Count;

    /// <summary>Goes from an epoch that is done to the next.</summary>
    public void EndEpoch(TrainingEpoch done)
    {
        Epochs.Add(done);
        (Step, LossSum, Counts) = (0, 0, ClassCounts.None(Counts.Gold.Length));
    }
}
