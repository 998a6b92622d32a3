// Loss and gradients of a batch whose rows are of several tasks.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>A task's part of a step.</summary>
/// <param name="Task">Its index.</param>
/// <param name="Rows">How many of its rows with a target the batch has.</param>
/// <param name="Loss">Their loss, as of a batch of these rows alone. Of one of several ranks what its rows add to it.</param>
internal readonly record struct TaskLoss(int Task, int Rows, double Loss);

/// <summary>
/// Computes steps. Rows with one prompt go through the encoder in one pass, and so do those of several prompts where the encoder mixes them; else the step is a pass for each
/// prompt, whose gradients add up to the same. Each prompt has masks of its own, a function of the seed, the step, the index of its pass and the row's index among the prompt's,
/// on whichever rank the row is.
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
    /// <param name="rank">Of several ranks, which add up what they return and their gradients: the one whose share of the rows is computed.</param>
    /// <param name="size">How many they are.</param>
    /// <returns>Of each task that has rows with a target, on whichever rank these are.</returns>
    public IReadOnlyList<TaskLoss> Backward(IEnumerable<(int Task, Example Row)> rows, int step, int rank = 0, int size = 1)
    {
        var ordered = rows.OrderBy(r => _prompts[r.Task]).ThenBy(r => r.Task).ToList();
        var losses = new Losses(_tasks, ordered);
        int first = 0;
        foreach (var (index, (pass, from, end)) in StepShare.OfPasses([.. ordered.Select(r => r.Row)], rank, size).Index())
        {
            var parts = Parts(ordered.GetRange(first, pass.Length), from, end);
            foreach (var together in parts.GroupBy(part => Mixes ? 0 : _prompts[part.Task]))
                if (!Backward([.. together], losses, step, index)) return losses.Known;
            first += pass.Length;
        }
        return losses.Known;
    }

    public void Dispose()
    {
        foreach (var dropout in _dropouts) dropout.Dispose();
    }

    // The tasks of a pass, without those whose prompt has no rows on this rank.
    private IEnumerable<TaskPart> Parts(List<(int Task, Example Row)> pass, int from, int end)
    {
        var parts = new List<TaskPart>();
        foreach (var ofTask in pass.GroupBy(r => r.Task, r => r.Row))
        {
            Example[] rows = [.. ofTask];
            parts.Add(new TaskPart(ofTask.Key, rows, Math.Clamp(from, 0, rows.Length), Math.Clamp(end, 0, rows.Length)));
            (from, end) = (from - rows.Length, end - rows.Length);
        }
        return parts.GroupBy(part => _prompts[part.Task]).Where(ofPrompt => ofPrompt.Any(part => part.Own.Length > 0)).SelectMany(ofPrompt => ofPrompt);
    }

    // Whether the loss is finite.
    private bool Backward(IReadOnlyList<TaskPart> parts, Losses losses, int step, int index)
    {
        using var scope = torch.NewDisposeScope();
        var prompts = parts.GroupBy(part => _prompts[part.Task]).Select(run =>
        {
            _dropouts[run.Key].StartStep(step, index, PartOf([.. run], index));
            return new PromptedRows(_tasks[run.First().Task].Model.State(), run.Sum(part => part.Own.Sum(row => row.RowStarts.Length))) { Dropout = _dropouts[run.Key] };
        });
        List<(int Of, Batch Batch)> own = [.. parts.Where(part => part.Own.Length > 0).Select(part => (part.Task, Batch.Of(part.Own)))];
        var pass = _tasks[own[0].Of].Model.Run(Batch.Of([.. own.SelectMany(part => part.Batch.Examples)]), [.. prompts]);
        var hiddenOf = own.Zip(MixedPasses.HiddenOf(own, pass.Hidden)).ToDictionary(part => part.First.Of, part => (part.First.Batch, Hidden: part.Second));
        torch.Tensor? loss = null;
        foreach (var part in parts)
        {
            // Rows without a target have no mean.
            if (!HasTarget(part.Rows)) continue;
            var (model, dropout) = (_tasks[part.Task].Model, _dropouts[_prompts[part.Task]]);
            if (!HasTarget(part.Own))
            {
                model.SkipMask(part.Vectors.Total, dropout);
                continue;
            }
            var (batch, hidden) = hiddenOf[part.Task];
            dropout.GoOnWith(part.Vectors);
            var weights = _tasks[part.Task].ClassWeights is { } known ? torch.tensor(known.Select(w => (float)w).ToArray(), device: hidden.device) : null;
            var ofTask = losses.Add(part.Task, batch, CrossEntropy.Mean(model.Logits(hidden, batch, dropout), batch, weights));
            loss = loss is null ? ofTask : loss + ofTask;
        }
        if (!losses.AreFinite) return false;
        loss?.backward();
        if (loss is not null) pass.Backward();
        return true;
    }

    // Of the rows with one prompt; null where all of them are this rank's.
    private static PassPart? PartOf(TaskPart[] parts, int index)
    {
        Example[] rows = [.. parts.SelectMany(part => part.Rows)];
        int from = parts.Sum(part => part.From), end = parts.Sum(part => part.End);
        return end - from == rows.Length ? null : StepShare.PartOf(rows, from, end, index);
    }

    private static bool HasTarget(Example[] rows) => rows.Any(row => CrossEntropy.Weight(row.Targets, null) > 0);

    // A task's rows in a pass, of which some, one after the other, are this rank's.
    private sealed record TaskPart(int Task, Example[] Rows, int From, int End)
    {
        public Example[] Own { get; } = Rows[From..End];

        public Share Vectors => new(Rows[..From].Sum(row => row.VectorCount), Own.Sum(row => row.VectorCount), Rows.Sum(row => row.VectorCount));
    }

    // What the tasks' losses count in the batch's.
    private sealed class Losses(IReadOnlyList<SharedTask> tasks, IReadOnlyList<(int Task, Example Row)> rows)
    {
        private readonly Dictionary<int, (int Rows, double Weight)> _of = rows.Where(r => Weight(tasks, r.Task, r.Row.Targets) > 0).GroupBy(r => r.Task)
            .ToDictionary(own => own.Key, own => (own.Count(), own.Sum(r => Weight(tasks, r.Task, r.Row.Targets))));

        private readonly Dictionary<int, double> _sums = [];

        public bool AreFinite => _sums.Values.All(double.IsFinite);

        public IReadOnlyList<TaskLoss> Known => [.. _of.OrderBy(of => of.Key).Select(of => new TaskLoss(of.Key, of.Value.Rows, _sums.GetValueOrDefault(of.Key)))];

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
