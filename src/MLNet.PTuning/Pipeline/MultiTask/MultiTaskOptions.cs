// Options of PTuningV2MultiTask: the tasks, and how often each is sampled.
using System.Reflection;
using Microsoft.ML;

namespace MLNet.PTuning;

/// <summary>One of the tasks that are trained together.</summary>
/// <param name="Name">Name of the task and of its transformer.</param>
/// <param name="Options">
/// Options of a single task, such as <see cref="TextClassificationOptions"/> or <see cref="TokenLabelingOptions"/>, for the same backbone: its columns, ValidationSet, CalibrateOn, MaxSequenceLength, HeadDropout, ClassWeights
/// and the settings of prediction are its own; the settings of training and the tuning method are those of <see cref="MultiTaskOptions"/>.
/// </param>
/// <param name="Data">Its training rows, labels as keys.</param>
public sealed record PromptTask(string Name, PTuningOptions Options, IDataView Data);

/// <summary>
/// Settings of multi-task training. Settings of single tasks are set in the tasks' options. The rows of every batch are of tasks drawn at random, and each counts the same in
/// the loss; an epoch is as many rows as all tasks have. After every epoch each task that has validation rows is scored on
/// them; the parameters kept, for all tasks, are those of the epoch with the best mean score over these tasks, and <c>Patience</c> counts epochs without a better one.
/// Where no task has one, the last epoch is kept.
/// </summary>
/// <param name="backboneFolder">The backbone's folder as Hugging Face publishes it.</param>
public sealed class MultiTaskOptions(string backboneFolder) : PTuningOptions(backboneFolder)
{
    /// <summary>The tasks, at least two.</summary>
    public IReadOnlyList<PromptTask> Tasks { get; set; } = [];

    /// <summary>How often each task is sampled, for a row at a time. Default <see cref="TaskSampling.Proportional"/>.</summary>
    public TaskSampling Sampling { get; set; }

    /// <summary>For <see cref="TaskSampling.Temperature"/>: 1 is proportional; the higher, the more uniform. Default 2.</summary>
    public double Temperature { get; set; } = 2;

    /// <summary>
    /// With a <see cref="SoftPrompt"/>: each task's prompt is the shared one times a factor [P, r] · [r, E] of its own, element by element, and this is the rank r
    /// (Wang et al., 2023, "Multitask Prompt Tuning Enables Parameter-Efficient Transfer Learning"; the paper and PEFT use 1). As in PEFT the factors are initialized
    /// from N(0, 0.02²), so that prompts begin near zero whatever the shared one's initial values. Default null: tasks share one prompt without factors.
    /// </summary>
    public int? TaskRank { get; set; }

    internal override bool IsValidated => Tasks.Any(task => task.Options.IsValidated);

    internal override PTuningOptions Copy()
    {
        var copy = (MultiTaskOptions)base.Copy();
        copy.Tasks = [.. Tasks.Select(task => task with { Options = task.Options.Copy() })];
        return copy;
    }

    internal override void Validate()
    {
        base.Validate();
        Require(Enum.IsDefined(Sampling), nameof(Sampling), Sampling, "one of " + string.Join(", ", Enum.GetNames<TaskSampling>()));
        Require(Temperature is > 0 and < double.PositiveInfinity, nameof(Temperature), Temperature, "positive");
        Require(Tasks.Count >= 2, nameof(Tasks), Tasks.Count, "two or more");
        Require(Tasks.Select(t => t.Name).Distinct().Count() == Tasks.Count, nameof(Tasks), Tasks, "of different names");
        Require(Method is not HeadOnly, nameof(Method), Method, "a method that tunes something for the tasks to share");
        Require(TaskRank is null or >= 1, nameof(TaskRank), TaskRank, "at least 1");
        Require(TaskRank is null || Method is SoftPrompt, nameof(TaskRank), TaskRank, $"null for {Method.GetType().Name}: only a SoftPrompt can have a factor for each task");
        Require(CheckpointPath is null && ResumeFrom is null, nameof(CheckpointPath), CheckpointPath, "null: multi-task training writes no checkpoints");
        RefuseSet(this, new MultiTaskOptions(BackboneFolder), IsOfOneTask, "The multi-task options", "set it in the options of the tasks");
        foreach (var task in Tasks)
        {
            var defaults = Defaults(task);
            task.Options.Validate();
            RefuseSet(task.Options, defaults, property => !IsOfOneTask(property) && property.DeclaringType!.IsAssignableFrom(typeof(PTuningOptions)), $"The options of task '{task.Name}'", "set it in the multi-task options");
            if (Path.GetFullPath(task.Options.BackboneFolder) != Path.GetFullPath(BackboneFolder))
                throw new ArgumentException($"Task '{task.Name}' names the backbone {task.Options.BackboneFolder}, but all tasks share {BackboneFolder}. Give one folder.", nameof(Tasks));
        }
    }

    private static PTuningOptions Defaults(PromptTask task) => task.Options is MultiTaskOptions
        ? throw new ArgumentException($"Task '{task.Name}' has {nameof(MultiTaskOptions)}; give the options of a single task.", nameof(Tasks))
        : (PTuningOptions)Activator.CreateInstance(task.Options.GetType(), task.Options.BackboneFolder)!;

    // Settings of single tasks: columns, loss, validation rows and predictions. All others belong to the training that tasks share.
    private static bool IsOfOneTask(PropertyInfo property) => property.Name is nameof(LabelColumnName) or nameof(PredictedLabelColumnName) or nameof(ScoreColumnName)
        or nameof(MaxSequenceLength) or nameof(PredictionBatchSize) or nameof(ValidationSet) or nameof(ValidationShare) or nameof(EmbedBackbone) or nameof(Verbalizer)
        or nameof(HeadDropout) or nameof(ClassWeights) or nameof(CalibrateOn);

    // A setting that would be ignored is an error where it is not at its default.
    private static void RefuseSet(PTuningOptions options, PTuningOptions defaults, Func<PropertyInfo, bool> isIgnored, string owner, string instead)
    {
        foreach (var property in options.GetType().GetProperties().Where(p => p.CanWrite && isIgnored(p)))
            if (!Equals(property.GetValue(options), property.GetValue(defaults)))
                throw new ArgumentException($"{owner} set {property.Name}, which has no effect there; {instead}.", nameof(Tasks));
    }
}
