// The public entry points for scores: metrics of the tasks that ML.NET has none for, as extension methods of its catalog.
using MLNet.PTuning;
using MLNet.PTuning.Pipeline;

namespace Microsoft.ML;

/// <summary>Metrics of labels of words, answers, choices, generated texts and probabilities, as extension methods of <c>mlContext.MulticlassClassification</c>.</summary>
public static class PTuningEvaluationCatalog
{
    /// <summary>
    /// Scores labels of words: precision, recall and F1 of the entities that they mark as the CoNLL evaluation script defines them, all together and
    /// by type, and the fraction of words that are right. BILOU is read strictly: tags that form no complete entity are not counted.
    /// </summary>
    /// <param name="catalog"><c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="data">Rows with gold and predicted labels, each a vector of keys with key values, or of text; words without a gold label are left out.</param>
    /// <param name="labelColumnName">The gold labels.</param>
    /// <param name="predictedLabelColumnName">The predicted labels; compared by name, not by number.</param>
    /// <param name="scheme">The scheme by which labels mark entities. Default null: guessed from them, with a warning in the log where
    /// they fit no scheme (IOB1 cannot be distinguished from IOB2, and IOB2 is assumed then; the entities are the same).</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, a row's two vectors differ in length, or a label is outside the scheme.</exception>
    public static TokenLabelMetrics EvaluateTokenLabels(this MulticlassClassificationCatalog catalog, IDataView data, string labelColumnName = "Label",
        string predictedLabelColumnName = "PredictedLabel", TagScheme? scheme = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return TokenLabelEvaluation.Evaluate(MLNetInternals.EnvironmentOf(catalog), data, labelColumnName, predictedLabelColumnName, scheme);
    }

    /// <summary>
    /// Scores predicted answers as SQuAD's scripts do: exact match and F1 with the gold answer that fits best, in lower case, without punctuation and articles; for Chinese
    /// by characters. For data with and without answers also the threshold of no answer that is best, where they have the model's columns <c>Score</c> and <c>NoAnswerProbability</c>.
    /// </summary>
    /// <param name="catalog"><c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="data">Rows with gold and predicted answers.</param>
    /// <param name="answerColumnName">The gold answers: a vector of text, empty where the context does not answer the question; or one answer, an empty text for none.</param>
    /// <param name="predictedAnswerColumnName">The predicted answers, of which the first is scored: a vector of text, or text.</param>
    /// <param name="scoreColumnName">The answers' probabilities.</param>
    /// <param name="comparison">What answers are compared by. Default null: characters where more than half of the gold answers have a Chinese one, else words.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, or there are no rows.</exception>
    public static AnswerMetrics EvaluateAnswers(this MulticlassClassificationCatalog catalog, IDataView data, string answerColumnName = "TrainingAnswer",
        string predictedAnswerColumnName = "PredictedAnswer", string scoreColumnName = "Score", AnswerComparison? comparison = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return AnswerEvaluation.Evaluate(data, answerColumnName, predictedAnswerColumnName, scoreColumnName, comparison);
    }

    /// <summary>Scores predicted choices: accuracy, log-loss, and the accuracy of chance; rows whose label is −1 or NaN are left out.</summary>
    /// <param name="catalog"><c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="data">Rows with labels and the model's probabilities.</param>
    /// <param name="labelColumnName">The label column: a number, the index of the right choice, counted from 0.</param>
    /// <param name="scoreColumnName">The choices' probabilities.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, a label is outside the row's choices, or there are no rows with a label.</exception>
    public static ChoiceMetrics EvaluateChoices(this MulticlassClassificationCatalog catalog, IDataView data, string labelColumnName = "Label", string scoreColumnName = "Score")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return ChoiceEvaluation.Evaluate(data, labelColumnName, scoreColumnName);
    }

    /// <summary>
    /// Scores probabilities by how often predictions of a confidence are right: expected and maximum calibration error, log-loss, Brier score, and the bins of a reliability diagram. For the output
    /// of classification (of ML.NET's trainers too), of labeling of words, where every word counts, and of choosing.
    /// </summary>
    /// <param name="catalog"><c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="data">Rows with labels and the model's probabilities.</param>
    /// <param name="labelColumnName">The gold labels: a key with key values, text or a Boolean; a vector of keys or of text for words; a number for choices. Compared with the classes by name,
    /// not by number. Missing ones are left out; one that is none of the model's classes counts as wrong.</param>
    /// <param name="probabilityColumnName">The probabilities: <c>Score</c>, a vector of Single, or in ML.NET's binary form <c>Probability</c>, a Single, for a Boolean label or a key of two values.</param>
    /// <param name="bins">Number of bins of equal width. Default 15.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, a row's values are no probabilities, or there are no rows with a label.</exception>
    public static CalibrationMetrics EvaluateCalibration(this MulticlassClassificationCatalog catalog, IDataView data, string labelColumnName = "Label", string probabilityColumnName = "Score",
        int bins = CalibrationMetrics.UsualBins)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return CalibrationEvaluation.Evaluate(data, labelColumnName, probabilityColumnName, bins);
    }

    /// <summary>Scores generated texts: ROUGE-1, ROUGE-2 and ROUGE-L as Google's rouge_score gives them, BLEU as sacrebleu does, and exact match. Perplexity: <see cref="PTuningTextGenerationTransformer.Perplexity"/>.</summary>
    /// <param name="catalog"><c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="data">Rows with targets and generated texts.</param>
    /// <param name="targetColumnName">The targets: text, or a vector of text for several right ones, of which empty ones do not count.</param>
    /// <param name="generatedTextColumnName">The generated texts, a column of text.</param>
    /// <exception cref="ArgumentException">A column is missing or no text, a row has no target, or there are no rows.</exception>
    public static GeneratedTextMetrics EvaluateGeneratedText(this MulticlassClassificationCatalog catalog, IDataView data, string targetColumnName = "Target", string generatedTextColumnName = "GeneratedText")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return GenerationRows.Evaluate(data, targetColumnName, generatedTextColumnName);
    }
}
