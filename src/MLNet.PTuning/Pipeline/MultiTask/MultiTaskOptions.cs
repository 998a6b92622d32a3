// Options of PTuningV2MultiTask: which tasks there are, and how often each is met.
using Microsoft.ML;

namespace MLNet.PTuning;

/// <summary>One of the tasks that are trained together.</summary>
/// <param name="Name">By which its transformer is found.</param>
/// <param name="Options">
/// <see cref="TextClassificationOptions"/> or <see cref="TokenLabelingOptions"/> for the same backbone: its columns, ValidationSet, MaxSequenceLength, HeadDropout, ClassWeights
/// and what concerns prediction are its own; the settings of training and the tuning method are those of <see cref="MultiTaskOptions"/>.
/// </param>
/// <param name="Data">Its training rows, labels as keys.</param>
public sealed record PromptTask(string Name, PTuningOptions Options, IDataView Data);

/// <summary>
/// Settings of multi-task training. Its column names and <c>ValidationSet</c> are not used. After every epoch each task that has a <c>ValidationSet</c> is scored on
/// it; the parameters kept, for all tasks, are those of the epoch with the best mean score over these tasks, and <c>Patience</c> counts epochs without a better one.
/// Where no task has one, the last epoch is kept.
/// </summary>
/// <param name="backboneFolder">The backbone's folder as Hugging Face publishes it.</param>
public sealed class MultiTaskOptions(string backboneFolder) : PTuningOptions(backboneFolder)
{
    /// <summary>The tasks, at least two.</summary>
    public IReadOnlyList<PromptTask> Tasks { get; set; } = [];

    /// <summary>How often each task is met. Default <see cref="TaskSampling.Proportional"/>.</summary>
    public TaskSampling Sampling { get; set; }

    /// <summary>For <see cref="TaskSampling.Temperature"/>: 1 is proportional; the higher, the more alike. Default 2.</summary>
    public double Temperature { get; set; } = 2;

    /// <summary>
    /// With a <see cref="SoftPrompt"/>: rank r of a factor [P, r] · [r, E] of its own that each task's prompt is the shared one times, element by element
    /// (Wang et al., 2023, "Multitask Prompt Tuning Enables Parameter-Efficient Transfer Learning"; the paper and PEFT take 1). As in PEFT the factors begin
    /// from N(0, 0.02²), so that prompts begin near zero whatever the shared one begins as. Default null: tasks share the prompt as it is.
    /// </summary>
    public int? TaskRank { get; set; }

    internal override void Validate()
    {
        base.Validate();
        Require(Enum.IsDefined(Sampling), nameof(Sampling), Sampling, "one of " + string.Join(", ", Enum.GetNames<TaskSampling>()));
        Require(Temperature is > 0 and < double.PositiveInfinity, nameof(Temperature), Temperature, "positive");
        Require(Tasks.Count >= 2, nameof(Tasks), Tasks.Count, "two or more");
        Require(Tasks.Select(t => t.Name).Distinct().Count() == Tasks.Count, nameof(Tasks), Tasks, "of different names");
        Require(Method is not HeadOnly, nameof(Method), Method, "a method that tunes something for the tasks to share");
        Require(TaskRank is null or >= 1, nameof(TaskRank), TaskRank, "at least 1");
        Require(TaskRank is null || Method is SoftPrompt, nameof(TaskRank), TaskRank, $"null for {Method.GetType().Name}: a SoftPrompt alone is made each task's own by a factor");
        Require(CheckpointPath is null && ResumeFrom is null, nameof(CheckpointPath), CheckpointPath, "null: multi-task training writes no checkpoints");
        foreach (var task in Tasks)
            if (Path.GetFullPath(task.Options.BackboneFolder) != Path.GetFullPath(BackboneFolder))
                throw new ArgumentException($"Task '{task.Name}' names the backbone {task.Options.BackboneFolder}, but all tasks share {BackboneFolder}. Give one folder.", nameof(Tasks));
    }
}
