// The front door: this library's estimators as extension methods of ML.NET's catalogs.
using MLNet.PTuning;
using MLNet.PTuning.Files;
using MLNet.PTuning.Pipeline;

namespace Microsoft.ML;

/// <summary>P-Tuning v2 and its relatives in ML.NET's catalogs.</summary>
public static class PTuningCatalog
{
    /// <summary>
    /// Classifies texts, or pairs of texts, with P-Tuning v2: trained keys and values at every layer of a frozen transformer, and a classification head
    /// (Liu et al., 2022). The label column must be a key with key values (<c>Conversion.MapValueToKey</c>).
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The transformer's folder as Hugging Face publishes it: config.json, weights, the tokenizer's files.</param>
    /// <param name="promptLength">Prompt length in vectors a layer.</param>
    /// <param name="textColumnName">The text column.</param>
    /// <param name="textPairColumnName">The second text's column for pairs; null for single texts.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <returns>An estimator that adds <c>PredictedLabel</c> (a key) and <c>Score</c> (a probability a class).</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static TextClassificationEstimator PTuningV2Classify(this TransformsCatalog catalog, string backboneFolder, int promptLength = 20,
        string textColumnName = "Text", string? textPairColumnName = null, string labelColumnName = "Label") =>
        catalog.PTuningV2Classify(new TextClassificationOptions(backboneFolder)
        {
            Method = new DeepPrompt { Length = promptLength },
            TextColumnName = textColumnName,
            TextPairColumnName = textPairColumnName,
            LabelColumnName = labelColumnName,
        });

    /// <summary>Classifies texts, or pairs of texts, with the tuning method and the settings of an options object.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static TextClassificationEstimator PTuningV2Classify(this TransformsCatalog catalog, TextClassificationOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new TextClassificationEstimator(MLNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// Labels words (named entities, parts of speech, semantic roles) with P-Tuning v2. The label column must be a vector of keys with key values, one a word
    /// (<c>Conversion.MapValueToKey</c>).
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The transformer's folder as Hugging Face publishes it: config.json, weights, the tokenizer's files.</param>
    /// <param name="promptLength">Prompt length in vectors a layer.</param>
    /// <param name="wordsColumnName">The column of words: a vector of text, or plain text.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <returns>An estimator that adds <c>PredictedLabel</c> (a key a word) and <c>Score</c> (a probability a class and word).</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static TokenLabellingEstimator PTuningV2LabelTokens(this TransformsCatalog catalog, string backboneFolder, int promptLength = 20,
        string wordsColumnName = "Words", string labelColumnName = "Label") =>
        catalog.PTuningV2LabelTokens(new TokenLabellingOptions(backboneFolder)
        {
            Method = new DeepPrompt { Length = promptLength },
            WordsColumnName = wordsColumnName,
            LabelColumnName = labelColumnName,
        });

    /// <summary>Labels words with the tuning method and the settings of an options object.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static TokenLabellingEstimator PTuningV2LabelTokens(this TransformsCatalog catalog, TokenLabellingOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new TokenLabellingEstimator(MLNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// Saves a model so that a failure (a full disk, a lost connection) leaves an older file as it was: it is written beside the file and then moved.
    /// <c>ml.Model.Save</c> itself truncates the older file first.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Model</c>.</param>
    /// <param name="model">The trained model.</param>
    /// <param name="inputSchema">Schema of the data it was trained on.</param>
    /// <param name="filePath">Where to write the zip.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveSafely(this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema? inputSchema, string filePath) =>
        AtomicFile.Write(filePath, stream => catalog.Save(model, inputSchema, stream));
}
