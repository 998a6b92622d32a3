// Which task each row of multi-task training is of.
namespace MLNet.PTuning.Training;

/// <summary>Draws tasks at random, an epoch at a time; a function of the seed and the epoch alone.</summary>
internal sealed class TaskSampler
{
    private readonly double[] _upTo;

    /// <param name="rows">Number of training rows of each task.</param>
    /// <param name="sampling">How their numbers count.</param>
    /// <param name="temperature">For <see cref="TaskSampling.Temperature"/>.</param>
    public TaskSampler(IReadOnlyList<int> rows, TaskSampling sampling, double temperature)
    {
        double power = sampling switch
        {
            TaskSampling.Proportional => 1,
            TaskSampling.Uniform => 0,
            _ => 1 / temperature,
        };
        double[] weights = [.. rows.Select(n => Math.Pow(n, power))];
        Probabilities = [.. weights.Select(w => w / weights.Sum())];
        _upTo = [.. Probabilities.Select((_, task) => Probabilities.Take(task + 1).Sum())];
    }

    /// <summary>The probability of each task.</summary>
    public IReadOnlyList<double> Probabilities { get; }

    /// <summary>The tasks of an epoch's rows.</summary>
    public IEnumerable<int> Epoch(int rows, int seed, int epoch)
    {
        var random = new Random(unchecked(seed * 31 + epoch));
        for (int row = 0; row < rows; row++)
        {
            double drawn = random.NextDouble();
            // Rounding may leave the last bound a little below 1.
            int task = Array.FindIndex(_upTo, bound => drawn < bound);
            yield return task < 0 ? _upTo.Length - 1 : task;
        }
    }
}
