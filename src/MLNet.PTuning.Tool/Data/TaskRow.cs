// The rows of the tasks as ML.NET gets them.
using Microsoft.ML.Data;

namespace MLNet.PTuning.Tool.Data;

/// <summary>A row of a task.</summary>
internal abstract class TaskRow
{
    /// <summary>Where it is in its file: its line, or its id.</summary>
    public string Place { get; set; } = "";

    /// <summary>All that the model reads of it, by which repeated rows are found.</summary>
    [NoColumn] public abstract string Input { get; }

    /// <summary>Its gold labels, one or one a word; none where the task has no classes.</summary>
    [NoColumn] public virtual IReadOnlyList<string> Labels => [];

    /// <summary>Its gold answer as one text, by which rows that contradict each other are found.</summary>
    [NoColumn] public abstract string Gold { get; }
}

internal sealed class TextRow : TaskRow
{
    public string Text { get; set; } = "";
    public string TextPair { get; set; } = "";
    public string Label { get; set; } = "";

    /// <summary>The label beside the column that a model's pipeline makes keys of.</summary>
    public string GoldLabel => Label;

    [NoColumn] public override string Input => $"{Text}\0{TextPair}";
    [NoColumn] public override IReadOnlyList<string> Labels => [Label];
    [NoColumn] public override string Gold => Label;
}

internal sealed class WordsRow : TaskRow
{
    public string[] Words { get; set; } = [];
    public string[] Label { get; set; } = [];

    /// <summary>The labels beside the column that a model's pipeline makes keys of.</summary>
    public string[] GoldLabels => Label;

    [NoColumn] public override string Input => string.Join('\0', Words);
    [NoColumn] public override IReadOnlyList<string> Labels => Label;
    [NoColumn] public override string Gold => string.Join('\0', Label);
}

internal sealed class QuestionRow : TaskRow
{
    public string Context { get; set; } = "";
    public string Question { get; set; } = "";
    public string[] TrainingAnswer { get; set; } = [];
    public int[] AnswerIndex { get; set; } = [];
    [NoColumn] public override string Input => $"{Question}\0{Context}";
    [NoColumn] public override string Gold => string.Join('\0', TrainingAnswer);
}

internal sealed class ChoiceRow : TaskRow
{
    public string Premise { get; set; } = "";
    public string Question { get; set; } = "";
    public string[] Choices { get; set; } = [];
    public int Label { get; set; }
    [NoColumn] public override string Input => $"{Premise}\0{Question}\0{string.Join('\0', Choices)}";
    [NoColumn] public override string Gold => Label >= 0 && Label < Choices.Length ? Choices[Label] : "";
}

internal sealed class WritingRow : TaskRow
{
    public string Text { get; set; } = "";
    public string Target { get; set; } = "";
    [NoColumn] public override string Input => Text;
    [NoColumn] public override string Gold => Target;
}
