// Test rows with their gold labels and what the model predicted, a type a task.
namespace MLNet.PTuning.Tool.Run;

/// <summary>A test row and its prediction.</summary>
/// <param name="Place">Where the row is in its file: its line from 1 (CSV, JSON lines, CoNLL), or its id (SQuAD).</param>
internal abstract record TestRow(string Place)
{
    /// <summary>What the model read, as one text.</summary>
    public abstract string InputText { get; }

    /// <summary>The gold label as one text.</summary>
    public abstract string GoldText { get; }

    /// <summary>The prediction as one text.</summary>
    public abstract string PredictedText { get; }

    /// <summary>The model's probability of its prediction, from 0 to 1; null for writing.</summary>
    public abstract float? Confidence { get; }

    /// <summary>Whether the prediction is right: all of a row's words for labels of words, any of the gold answers for an answer.</summary>
    public abstract bool IsCorrect { get; }
}

/// <summary>A text, or a pair of texts, and its class.</summary>
/// <param name="Place">Where the row is in its file.</param>
/// <param name="Text">The text.</param>
/// <param name="Pair">The second text; null where there are no pairs.</param>
/// <param name="Gold">The gold label. It may be one that training rows do not have, which no prediction equals.</param>
/// <param name="Predicted">The most probable class.</param>
/// <param name="Probabilities">Of all classes, in the order of the run's class names; their sum is 1.</param>
internal sealed record ClassifiedText(string Place, string Text, string? Pair, string Gold, string Predicted, float[] Probabilities) : TestRow(Place)
{
    public override string InputText => Pair is null ? Text : $"{Text} | {Pair}";
    public override string GoldText => Gold;
    public override string PredictedText => Predicted;
    public override float? Confidence => Probabilities.Max();
    public override bool IsCorrect => Gold == Predicted;
}

/// <summary>A row of words with a label each.</summary>
/// <param name="Place">Where the row begins in its file.</param>
/// <param name="Words">The words.</param>
/// <param name="Gold">Their gold labels, as many as there are words.</param>
/// <param name="Predicted">Their predicted labels, as many.</param>
/// <param name="Probabilities">The probability of each predicted label, as many.</param>
internal sealed record LabeledWords(string Place, string[] Words, string[] Gold, string[] Predicted, float[] Probabilities) : TestRow(Place)
{
    public override string InputText => string.Join(' ', Words);
    public override string GoldText => string.Join(' ', Gold);
    public override string PredictedText => string.Join(' ', Predicted);
    public override float? Confidence => Probabilities.Length == 0 ? null : Probabilities.Min();
    public override bool IsCorrect => Gold.SequenceEqual(Predicted);
}

/// <summary>A question about a text.</summary>
/// <param name="Place">The question's id, or where the row is in its file.</param>
/// <param name="Context">The text that the answer is in.</param>
/// <param name="Question">The question.</param>
/// <param name="Gold">The gold answers; none where the text does not answer the question.</param>
/// <param name="Predicted">The most probable answer; empty where the model says that the text has none.</param>
/// <param name="Probability">That answer's probability among all places, from 0 to 1.</param>
/// <param name="F1">Words that the answer shares with the best of the gold answers, from 0 to 1.</param>
/// <param name="IsCorrect">Whether it is one of them, but for case, articles and punctuation.</param>
internal sealed record AnsweredQuestion(string Place, string Context, string Question, string[] Gold, string Predicted, float Probability, double F1, bool IsCorrect) : TestRow(Place)
{
    public override string InputText => $"{Question} | {Context}";
    public override string GoldText => string.Join(" | ", Gold);
    public override string PredictedText => Predicted;
    public override float? Confidence => Probability;
    public override bool IsCorrect { get; } = IsCorrect;
}

/// <summary>A text with choices.</summary>
/// <param name="Place">Where the row is in its file.</param>
/// <param name="Premise">The text that all choices are read with, its question included.</param>
/// <param name="Choices">The choices.</param>
/// <param name="Gold">Index of the right one, from 0.</param>
/// <param name="Predicted">Index of the most probable one.</param>
/// <param name="Probabilities">Of all choices of this row; their sum is 1.</param>
internal sealed record ChosenText(string Place, string Premise, string[] Choices, int Gold, int Predicted, float[] Probabilities) : TestRow(Place)
{
    public override string InputText => $"{Premise} | {string.Join(" | ", Choices)}";
    public override string GoldText => Choices[Gold];
    public override string PredictedText => Choices[Predicted];
    public override float? Confidence => Probabilities[Predicted];
    public override bool IsCorrect => Gold == Predicted;
}

/// <summary>A text and what was written after it.</summary>
/// <param name="Place">Where the row is in its file.</param>
/// <param name="Text">The text.</param>
/// <param name="Gold">What the file has after it.</param>
/// <param name="Written">What the model wrote.</param>
internal sealed record GeneratedText(string Place, string Text, string Gold, string Written) : TestRow(Place)
{
    public override string InputText => Text;
    public override string GoldText => Gold;
    public override string PredictedText => Written;
    public override float? Confidence => null;
    public override bool IsCorrect => Gold.Trim() == Written.Trim();
}
