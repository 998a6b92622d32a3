// The public entry points: this library's estimators as extension methods of ML.NET's catalogs.
using MLNet.PTuning;
using MLNet.PTuning.Files;
using MLNet.PTuning.Pipeline;

namespace Microsoft.ML;

/// <summary>P-Tuning v2 and related methods in ML.NET's catalogs.</summary>
public static class PTuningCatalog
{
    /// <summary>
    /// Classifies texts, or pairs of texts, with P-Tuning v2: trained keys and values at every layer of a frozen transformer, and a classification head
    /// (Liu et al., 2022). The label column must be a key with key values (<c>Conversion.MapValueToKey</c>).
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The transformer's folder as Hugging Face publishes it: config.json, weights (safetensors, PyTorch or ONNX), the tokenizer's files.</param>
    /// <param name="promptLength">Prompt length in vectors per layer.</param>
    /// <param name="textColumnName">The text column.</param>
    /// <param name="textPairColumnName">The second text's column for pairs; null for single texts.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <returns>An estimator that adds <c>PredictedLabel</c> (a key) and <c>Score</c> (a probability per class).</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    /// <remarks>
    /// As all of ML.NET's views, predictions are computed again for every pass over them, and a trainer that is appended makes many passes over its data. Put
    /// <c>.AppendCacheCheckpoint(mlContext)</c> between this step and such a trainer, so that the encoder runs once.
    /// </remarks>
    public static PTuningClassificationEstimator PTuningV2Classify(this TransformsCatalog catalog, string backboneFolder, int promptLength = 20,
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
    public static PTuningClassificationEstimator PTuningV2Classify(this TransformsCatalog catalog, TextClassificationOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new PTuningClassificationEstimator(MLNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// Labels words (named entities, parts of speech, semantic roles) with P-Tuning v2. The label column must be a vector of keys with key values, one per word
    /// (<c>Conversion.MapValueToKey</c>).
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The transformer's folder as Hugging Face publishes it: config.json, weights (safetensors, PyTorch or ONNX), the tokenizer's files.</param>
    /// <param name="promptLength">Prompt length in vectors per layer.</param>
    /// <param name="wordsColumnName">The column of words: a vector of text, or plain text.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <returns>An estimator that adds <c>PredictedLabel</c> (a key per word) and <c>Score</c> (a probability per class and word).</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    /// <remarks>
    /// As all of ML.NET's views, predictions are computed again for every pass over them, and a trainer that is appended makes many passes over its data. Put
    /// <c>.AppendCacheCheckpoint(mlContext)</c> between this step and such a trainer, so that the encoder runs once.
    /// </remarks>
    public static PTuningTokenLabelingEstimator PTuningV2LabelTokens(this TransformsCatalog catalog, string backboneFolder, int promptLength = 64,
        string wordsColumnName = "Words", string labelColumnName = "Label") =>
        catalog.PTuningV2LabelTokens(new TokenLabelingOptions(backboneFolder)
        {
            Method = new DeepPrompt { Length = promptLength },
            WordsColumnName = wordsColumnName,
            LabelColumnName = labelColumnName,
        });

    /// <summary>Labels words with the tuning method and the settings of an options object.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PTuningTokenLabelingEstimator PTuningV2LabelTokens(this TransformsCatalog catalog, TokenLabelingOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new PTuningTokenLabelingEstimator(MLNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// Finds the answers to questions in texts (extractive question answering, as in SQuAD) with P-Tuning v2. A context may be of any length; an answer is a part of it.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The transformer's folder as Hugging Face publishes it: config.json, weights (safetensors, PyTorch or ONNX), the tokenizer's files.</param>
    /// <param name="promptLength">Prompt length in vectors per layer.</param>
    /// <param name="contextColumnName">The column of the texts that answers are in.</param>
    /// <param name="questionColumnName">The column of the questions.</param>
    /// <param name="trainingAnswerColumnName">The column of the answers to train on: text, or a vector of text.</param>
    /// <param name="answerIndexColumnName">The column of where they begin in their context: a number, or a vector of numbers.</param>
    /// <returns>An estimator that adds <c>PredictedAnswer</c>, <c>Score</c>, <c>AnswerStart</c>, <c>AnswerEnd</c> and <c>NoAnswerProbability</c>.</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PTuningQuestionAnsweringEstimator PTuningV2AnswerQuestions(this TransformsCatalog catalog, string backboneFolder, int promptLength = 20,
        string contextColumnName = "Context", string questionColumnName = "Question", string trainingAnswerColumnName = "TrainingAnswer", string answerIndexColumnName = "AnswerIndex") =>
        catalog.PTuningV2AnswerQuestions(new QuestionAnsweringOptions(backboneFolder)
        {
            Method = new DeepPrompt { Length = promptLength },
            ContextColumnName = contextColumnName,
            QuestionColumnName = questionColumnName,
            TrainingAnswerColumnName = trainingAnswerColumnName,
            AnswerIndexColumnName = answerIndexColumnName,
        });

    /// <summary>Finds the answers to questions in texts with the tuning method and the settings of an options object.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PTuningQuestionAnsweringEstimator PTuningV2AnswerQuestions(this TransformsCatalog catalog, QuestionAnsweringOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new PTuningQuestionAnsweringEstimator(MLNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// Chooses one of the choices that a text has (multiple choice, as in COPA) with P-Tuning v2: every choice is read with the text and scored, and the most probable one is chosen.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The transformer's folder as Hugging Face publishes it: config.json, weights (safetensors, PyTorch or ONNX), the tokenizer's files.</param>
    /// <param name="promptLength">Prompt length in vectors per layer.</param>
    /// <param name="premiseColumnName">The column of the texts that all of a row's choices are read with.</param>
    /// <param name="questionColumnName">The column of questions, each read after its premise; null for none.</param>
    /// <param name="choicesColumnName">The column of choices: a vector of text, of any number in each row.</param>
    /// <param name="labelColumnName">The label column: a number, the index of the right choice, counted from 0; −1 where it is not known.</param>
    /// <returns>An estimator that adds <c>PredictedLabel</c> (the index of the most probable choice, an Int32) and <c>Score</c> (a probability for each choice).</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PTuningMultipleChoiceEstimator PTuningV2Choose(this TransformsCatalog catalog, string backboneFolder, int promptLength = 20,
        string premiseColumnName = "Premise", string? questionColumnName = null, string choicesColumnName = "Choices", string labelColumnName = "Label") =>
        catalog.PTuningV2Choose(new MultipleChoiceOptions(backboneFolder)
        {
            Method = new DeepPrompt { Length = promptLength },
            PremiseColumnName = premiseColumnName,
            QuestionColumnName = questionColumnName,
            ChoicesColumnName = choicesColumnName,
            LabelColumnName = labelColumnName,
        });

    /// <summary>Chooses with the tuning method and the settings of an options object.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PTuningMultipleChoiceEstimator PTuningV2Choose(this TransformsCatalog catalog, MultipleChoiceOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new PTuningMultipleChoiceEstimator(MLNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// Writes: a frozen decoder (GPT-2, Llama, Mistral, Qwen2) continues texts, led by trained keys and values at every layer, as Prefix-Tuning proposes (Li and Liang, 2021).
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The decoder's folder as Hugging Face publishes it: config.json, weights (safetensors, PyTorch or ONNX), the tokenizer's files.</param>
    /// <param name="promptLength">Prompt length in vectors per layer.</param>
    /// <param name="textColumnName">The column of texts that are continued.</param>
    /// <param name="targetColumnName">The column of the texts to write in training.</param>
    /// <param name="maxNewTokens">Most tokens that are written.</param>
    /// <returns>An estimator that adds <c>GeneratedText</c> (text) and <c>Score</c> (the mean log-probability of its tokens, a Single).</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PTuningTextGenerationEstimator PTuningV2Generate(this TransformsCatalog catalog, string backboneFolder, int promptLength = 20, string textColumnName = "Text",
        string targetColumnName = "Target", int maxNewTokens = 64) =>
        catalog.PTuningV2Generate(new TextGenerationOptions(backboneFolder)
        {
            Method = new DeepPrompt { Length = promptLength },
            TextColumnName = textColumnName,
            TargetColumnName = targetColumnName,
            MaxNewTokens = maxNewTokens,
        });

    /// <summary>Writes with the tuning method and the settings of an options object.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PTuningTextGenerationEstimator PTuningV2Generate(this TransformsCatalog catalog, TextGenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new PTuningTextGenerationEstimator(MLNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// Classifies texts with the deep prompt that scores best on held-out rows: its length, rate, dropout, reparameterization and seed are searched by
    /// successive halving.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">Settings that all trials share; <c>Epochs</c> is that of the last rung's trials. Trials are scored on <c>ValidationSet</c>, or on a
    /// <c>ValidationShare</c> of the training rows (default 0.1).</param>
    /// <param name="search">The grid and the limits of the search; null for the defaults.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PromptSearchEstimator<PTuningClassificationTransformer> PTuningV2Search(this TransformsCatalog catalog, TextClassificationOptions options,
        PromptSearchOptions? search = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new PromptSearchEstimator<PTuningClassificationTransformer>(MLNetInternals.EnvironmentOf(catalog), options, search ?? new PromptSearchOptions());
    }

    /// <summary>Labels words with the deep prompt that scores best on held-out rows.</summary>
    /// <inheritdoc cref="PTuningV2Search(TransformsCatalog, TextClassificationOptions, PromptSearchOptions?)"/>
    public static PromptSearchEstimator<PTuningTokenLabelingTransformer> PTuningV2Search(this TransformsCatalog catalog, TokenLabelingOptions options,
        PromptSearchOptions? search = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new PromptSearchEstimator<PTuningTokenLabelingTransformer>(MLNetInternals.EnvironmentOf(catalog), options, search ?? new PromptSearchOptions());
    }

    /// <summary>Answers questions with the deep prompt that scores best on held-out rows.</summary>
    /// <inheritdoc cref="PTuningV2Search(TransformsCatalog, TextClassificationOptions, PromptSearchOptions?)"/>
    public static PromptSearchEstimator<PTuningQuestionAnsweringTransformer> PTuningV2Search(this TransformsCatalog catalog, QuestionAnsweringOptions options,
        PromptSearchOptions? search = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new PromptSearchEstimator<PTuningQuestionAnsweringTransformer>(MLNetInternals.EnvironmentOf(catalog), options, search ?? new PromptSearchOptions());
    }

    /// <summary>Chooses with the deep prompt that scores best on held-out rows.</summary>
    /// <inheritdoc cref="PTuningV2Search(TransformsCatalog, TextClassificationOptions, PromptSearchOptions?)"/>
    public static PromptSearchEstimator<PTuningMultipleChoiceTransformer> PTuningV2Search(this TransformsCatalog catalog, MultipleChoiceOptions options,
        PromptSearchOptions? search = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new PromptSearchEstimator<PTuningMultipleChoiceTransformer>(MLNetInternals.EnvironmentOf(catalog), options, search ?? new PromptSearchOptions());
    }

    /// <summary>Writes with the deep prompt under which held-out targets have the lowest perplexity.</summary>
    /// <inheritdoc cref="PTuningV2Search(TransformsCatalog, TextClassificationOptions, PromptSearchOptions?)"/>
    public static PromptSearchEstimator<PTuningTextGenerationTransformer> PTuningV2Search(this TransformsCatalog catalog, TextGenerationOptions options,
        PromptSearchOptions? search = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new PromptSearchEstimator<PTuningTextGenerationTransformer>(MLNetInternals.EnvironmentOf(catalog), options, search ?? new PromptSearchOptions());
    }

    /// <summary>
    /// Trains one prompt for several tasks with a head each, as P-Tuning v2 proposes, on batches with rows of all of them: <c>Fit()</c> returns a transformer for each task, and the prompt to train single
    /// tasks from (<see cref="PTuningOptions.StartFrom"/>).
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">The tasks with their data, and the settings of training.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static MultiTaskTraining PTuningV2MultiTask(this TransformsCatalog catalog, MultiTaskOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new MultiTaskTraining(MLNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// Predicts rows of several tasks, each with the trained model of the task that a column names. Rows of all tasks on one backbone go through it in the same batches, with the scores that each
    /// task's own transformer gives. <c>Fit</c> trains nothing; models are copied, so that the result is disposed apart from them, and saved as one model file.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="taskColumnName">The text column of the names of rows' tasks.</param>
    /// <param name="models">
    /// Each task's trained model by its name: a transformer of <c>PTuningV2Classify</c>, <c>PTuningV2LabelTokens</c>, <c>PTuningV2AnswerQuestions</c> or <c>PTuningV2Choose</c>, or a chain with
    /// one such step, whose other steps are left out. The data must have the input columns of all of them.
    /// </param>
    /// <param name="predictedLabelColumnName">The output column of text: the class; the labels of words with a blank between them; the answer; the index of the choice.</param>
    /// <param name="scoreColumnName">The output column of probabilities, a vector of Single: of the classes, of each word's label, of the answers, of the choices.</param>
    /// <param name="unknownTask">What is predicted for a row whose task is empty or none of these.</param>
    /// <returns>An estimator that adds these two columns, and each task's own output columns, named <c>TASK.COLUMN</c>, which have missing values in rows of other tasks.</returns>
    /// <exception cref="ArgumentException">There are no models, one is of another kind, or two columns have the same name.</exception>
    public static PTuningByTaskEstimator PTuningV2ByTask(this TransformsCatalog catalog, string taskColumnName, IReadOnlyDictionary<string, ITransformer> models,
        string predictedLabelColumnName = "PredictedLabel", string scoreColumnName = "Score", UnknownTask unknownTask = UnknownTask.Error)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(models);
        if (!Enum.IsDefined(unknownTask)) throw new ArgumentOutOfRangeException(nameof(unknownTask), unknownTask, $"It must be one of {string.Join(", ", Enum.GetNames<UnknownTask>())}.");
        return new PTuningByTaskEstimator(new ByTaskSettings(taskColumnName, predictedLabelColumnName, scoreColumnName, unknownTask, [.. models.Keys]), [.. models.Keys.Select(task => models[task])]);
    }

    /// <summary>
    /// Saves a model so that a failure (a full disk, a lost connection, a model that cannot be saved) leaves an older file unchanged, and no file where there was none: it is
    /// written to a temporary file in the same folder and then moved. <c>ml.Model.Save</c> itself truncates the older file first, and leaves part of the new one behind.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Model</c>.</param>
    /// <param name="model">The trained model.</param>
    /// <param name="inputSchema">Schema of the data it was trained on.</param>
    /// <param name="filePath">Where to write the zip.</param>
    /// <exception cref="IOException">The file cannot be written, or the model has a backbone to embed that is missing or has changed.</exception>
    public static void SaveSafely(this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema? inputSchema, string filePath)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrWhiteSpace(filePath);
        foreach (var prompt in TrainedPrompt.AllOf(model)) SavedModel.CheckSavable(prompt.Settings, prompt.Model);
        AtomicFile.Write(filePath, stream => catalog.Save(model, inputSchema, stream));
    }
}
