// Loss and gradients of a batch whose rows are of several tasks.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>A task's part of a step.</summary>
/// <param name="Task">Its index.</param>
/// <param name="Rows">How many of its rows with a target the batch has.</param>
/// <param name="Loss">Their loss, as of a batch of these rows alone.</param>
internal readonly record struct TaskLoss(int Task, int Rows, double Loss);

/// <summary>
/// Computes steps. Rows with one prompt go through the encoder in one pass, and so do those of several prompts where the encoder mixes them; else the step is a pass for each
/// prompt, whose gradients add up to the same. Each prompt has masks of its own, a function of the seed, the step, the index of its pass and the row's index among the prompt's.
/// </summary>
internal sealed class MixedStep : IDisposable
{
    private readonly IReadOnlyList<SharedTask> _tasks;
    // For each task the number of its prompt, and for each prompt its masks.
    private readonly int[] _prompts;
    private readonly Dropout[] _dropouts;

    /// <param name="tasks">The tasks.</param>
    /// <param name="seed">Of dropout.</param>
    /// <param name="dropsInBackbone">Whether the backbone's own places drop too.</param>
    public MixedStep(IReadOnlyList<SharedTask> tasks, int seed, bool dropsInBackbone)
    {
        _tasks = tasks;
        var owners = new List<TunedModel>();
        _prompts = [.. tasks.Select(task =>
        {
            int known = owners.FindIndex(task.Model.HasPromptOf);
            if (known < 0) owners.Add(task.Model);
            return known < 0 ? owners.Count - 1 : known;
        })];
        _dropouts = [.. owners.Select((owner, prompt) => new Dropout(unchecked(seed + 7919 * prompt), owner.Backbone.Device, dropsInBackbone))];
        Mixes = owners.TrueForAll(owner => owner.MixesRows);
    }

    /// <summary>Whether rows of several prompts are in one pass.</summary>
    public bool Mixes { get; init; }

    /// <summary>The losses of a batch's tasks, and where they are finite, the gradients of all their parameters: of the mean over the batch's rows, each of which counts the same.</summary>
    /// <param name="rows">The batch: rows with their tasks.</param>
    /// <param name="step">The step's index, which masks depend on.</param>
    /// <returns>Of each task that has rows with a target.</returns>
    public IReadOnlyList<TaskLoss> Backward(IEnumerable<(int Task, Example Row)> rows, int step)
    {
        var ordered = rows.OrderBy(r => _prompts[r.Task]).ThenBy(r => r.Task).ToList();
        var losses = new Losses(_tasks, ordered);
        foreach (var (index, (_, parts)) in MixedPasses.Passes(ordered).Index())
            foreach (var together in parts.GroupBy(part => Mixes ? 0 : _prompts[part.Of]))
                if (!Backward([.. together], losses, step, index)) return losses.Known;
        return losses.Known;
    }

    public void Dispose()
    {
        foreach (var dropout in _dropouts) dropout.Dispose();
    }

    // Whether the loss is finite.
    private bool Backward(IReadOnlyList<(int Of, Batch Batch)> parts, Losses losses, int step, int index)
    {
        using var scope = torch.NewDisposeScope();
        var prompts = parts.GroupBy(part => _prompts[part.Of]).Select(run =>
        {
            _dropouts[run.Key].StartStep(step, index);
            return new PromptedRows(_tasks[run.First().Of].Model.State(), run.Sum(part => part.Batch.Rows.RowCount)) { Dropout = _dropouts[run.Key] };
        });
        var pass = _tasks[parts[0].Of].Model.Run(Batch.Of([.. parts.SelectMany(part => part.Batch.Examples)]), [.. prompts]);
        torch.Tensor? loss = null;
        foreach (var ((task, batch), hidden) in parts.Zip(MixedPasses.HiddenOf(parts, pass.Hidden)))
        {
            // Rows without a target have no mean.
            if (CrossEntropy.Weight(batch.Targets, null) == 0) continue;
            var weights = _tasks[task].ClassWeights is { } known ? torch.tensor(known.Select(w => (float)w).ToArray(), device: hidden.device) : null;
            var own = losses.Add(task, batch, CrossEntropy.Mean(_tasks[task].Model.Logits(hidden, batch, _dropouts[_prompts[task]]), batch, weights));
            loss = loss is null ? own : loss + own;
        }
        if (!losses.AreFinite) return false;
        loss?.backward();
        if (loss is not null) pass.Backward();
        return true;
    }

    // What the tasks' losses count in the batch's.
    private sealed class Losses(IReadOnlyList<SharedTask> tasks, IReadOnlyList<(int Task, Example Row)> rows)
    {
        private readonly Dictionary<int, (int Rows, double Weight)> _of = rows.Where(r => Weight(tasks, r.Task, r.Row.Targets) > 0).GroupBy(r => r.Task)
            .ToDictionary(own => own.Key, own => (own.Count(), own.Sum(r => Weight(tasks, r.Task, r.Row.Targets))));

        private readonly SortedDictionary<int, double> _sums = [];

        public bool AreFinite => _sums.Values.All(double.IsFinite);

        public IReadOnlyList<TaskLoss> Known => [.. _sums.Select(sum => new TaskLoss(sum.Key, _of[sum.Key].Rows, sum.Value))];

        /// <summary>Adds the mean over targets of one of a task's passes. Returns its part of the batch's loss.</summary>
        public torch.Tensor Add(int task, Batch batch, torch.Tensor mean)
        {
            double ofTask = Weight(tasks, task, batch.Targets) / _of[task].Weight;
            _sums[task] = _sums.GetValueOrDefault(task) + mean.item<float>() * ofTask;
            return mean.Times((float)(ofTask * _of[task].Rows / _of.Values.Sum(of => of.Rows)));
        }

        private static double Weight(IReadOnlyList<SharedTask> tasks, int task, int[] targets) => CrossEntropy.Weight(targets, tasks[task].ClassWeights);
    }
}
