// What clients send and get.
using System.Text.Json.Serialization;
using MLNet.PTuning;

namespace TaskService;

/// <summary>A text, or rows of texts.</summary>
/// <param name="Text">The text.</param>
/// <param name="Second">The second text of a task that reads two.</param>
/// <param name="Rows">Several texts, in place of one.</param>
public sealed record PredictRequest(string? Text = null, string? Second = null, IReadOnlyList<PredictRow?>? Rows = null)
{
    /// <summary>The texts; null where there is both a text and rows, or neither, or a row is null.</summary>
    [JsonIgnore]
    public IReadOnlyList<PromptServerText>? Texts => (Text, Rows) switch
    {
        ({ } text, null) => [new(text, Second)],
        (null, { } rows) when Second is null && !rows.Contains(null) => [.. rows.Select(row => new PromptServerText(row!.Text, row.Second))],
        _ => null,
    };
}

/// <summary>One of several texts.</summary>
/// <param name="Text">The text.</param>
/// <param name="Second">The second text of a task that reads two.</param>
public sealed record PredictRow(string Text, string? Second = null);

/// <summary>What a task predicts.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Answers">An answer for each text, in order.</param>
public sealed record PredictAnswer(string Task, IReadOnlyList<TaskPrediction> Answers);
