// Questions about one text, of the command line or read from the console, and their answers.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace QuestionAnswering;

/// <summary>A question about a text.</summary>
internal sealed class Asked
{
    public string Context { get; set; } = "";

    public string Question { get; set; } = "";
}

/// <summary>Answers to it, the most probable first; an empty one says that the text has none.</summary>
internal class Answered
{
    public string[] PredictedAnswer { get; set; } = [];

    public float[] Score { get; set; } = [];

    public int[] AnswerStart { get; set; } = [];

    public int[] AnswerEnd { get; set; } = [];
}

/// <param name="text">The text to ask about.</param>
/// <param name="questions">The questions; where there are none they are read from the console, up to an empty line.</param>
internal sealed class Conversation(string text, IReadOnlyList<string> questions)
{
    public void Hold(MLContext ml, ITransformer model)
    {
        using var engine = ml.Model.CreatePredictionEngine<Asked, Answered>(model, new PredictionEngineOptions { OwnsTransformer = false });
        foreach (string question in questions.Count > 0 ? questions : FromConsole())
            MarkedText.Write(question, text, engine.Predict(new Asked { Context = text, Question = question }));
    }

    private static IEnumerable<string> FromConsole()
    {
        while (true)
        {
            if (!Console.IsInputRedirected) Console.Write("question (an empty line ends): ");
            if (Console.ReadLine() is not { } line || string.IsNullOrWhiteSpace(line)) yield break;
            yield return line;
        }
    }
}
