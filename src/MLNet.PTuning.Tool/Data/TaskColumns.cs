// The columns that each task reads, the options that name them, and the names by which they are known.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Data;

/// <summary>A column that a task reads.</summary>
/// <param name="Input">Its name in ML.NET's rows.</param>
/// <param name="Option">The option that names the file's column.</param>
/// <param name="Description">What it holds, for the help text.</param>
/// <param name="Names">Names that files give it, the likeliest first; compared without regard to case, blanks and underscores.</param>
/// <param name="IsRequired">Whether training needs it.</param>
/// <param name="IsGold">Whether it is what is to be predicted, which a file for prediction may lack.</param>
internal sealed record TaskColumn(string Input, string Option, string Description, string[] Names, bool IsRequired = true, bool IsGold = false);

internal static class TaskColumns
{
    private static readonly string[] LabelNames = ["label", "labels", "class", "category", "target", "sentiment", "intent", "topic", "y", "gold", "tag", "rating"];

    private static readonly Dictionary<TaskKind, TaskColumn[]> All = new()
    {
        [TaskKind.Classify] =
        [
            new("Text", "--text", "the text", ["text", "sentence", "sentence1", "text1", "premise", "question1", "review", "content", "message", "comment", "tweet", "body", "document", "title", "question", "utterance", "query"]),
            new("TextPair", "--pair", "the second text of pairs", ["textpair", "pair", "sentence2", "text2", "hypothesis", "question2", "passage"], IsRequired: false),
            new("Label", "--label", "the class", LabelNames, IsGold: true),
        ],
        [TaskKind.Label] =
        [
            new("Words", "--text", "the words, or the text", ["words", "tokens", "sentence", "text"]),
            new("Label", "--label", "their labels", ["labels", "tags", "ner_tags", "ner", "pos", "label", "tag", "entities"], IsGold: true),
        ],
        [TaskKind.Answer] =
        [
            new("Context", "--context", "the text that answers are in", ["context", "passage", "paragraph", "text"]),
            new("Question", "--question", "the question", ["question", "query"]),
            new("TrainingAnswer", "--answer", "the answer, as the text has it", ["answer", "trainingAnswer", "answer_text", "answers"], IsGold: true),
            new("AnswerIndex", "--answer-start", "where the answer begins in the text, from 0", ["answerindex", "answer_start", "start"], IsRequired: false, IsGold: true),
        ],
        [TaskKind.Choose] =
        [
            new("Premise", "--premise", "the text that all choices are read with", ["premise", "context", "text", "sentence", "passage", "stem"]),
            new("Question", "--question", "a question that is read after it", ["question", "ask"], IsRequired: false),
            new("Choices", "--choices", "the columns of the choices, or one column of lists", ["choices", "choice1", "choice2", "choice3", "choice4", "choice5", "options", "endings", "answers"]),
            new("Label", "--label", "the right one: its index from 0, or its text", ["label", "answer", "gold", "correct"], IsGold: true),
        ],
        [TaskKind.Generate] =
        [
            new("Text", "--text", "the text to continue", ["text", "input", "prompt", "source", "document", "article", "question", "context"]),
            new("Target", "--target", "what to write after it", ["target", "output", "completion", "summary", "response", "answer", "highlights"], IsGold: true),
        ],
    };

    /// <summary>Every name by which some task's column is known, as <see cref="Plain"/> gives it.</summary>
    public static IReadOnlySet<string> AllNames { get; } = All.Values.SelectMany(columns => columns).SelectMany(column => column.Names).Where(name => name.Length > 1).Select(Plain).ToHashSet();

    /// <summary>A name without what files spell differently: case, blanks, underscores, hyphens.</summary>
    public static string Plain(string name) => new([.. name.Where(c => !char.IsWhiteSpace(c) && c is not ('_' or '-')).Select(char.ToLowerInvariant)]);

    /// <summary>The columns of a task, in the order in which they are guessed.</summary>
    public static IReadOnlyList<TaskColumn> Of(TaskKind task) => All[task];
}
