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

    /// <summary>Rows of questions from a JSON file in the form of SQuAD 1.1 or 2.0, which every cursor reads again, a paragraph at a time.</summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="path">The file, UTF-8.</param>
    /// <returns>
    /// A row for each question: <c>Id</c>, <c>Context</c> and <c>Question</c>, text; <c>TrainingAnswer</c>, a vector of text, empty where the context does not answer the question; and
    /// <c>AnswerIndex</c>, a vector of Int32, where each answer begins in the context, in UTF-16 code units (the file counts code points).
    /// </returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">While reading: the file is cut short, is no JSON, or a part of it has another form; the message names the place.</exception>
    public static IDataView LoadFromSquad(this DataOperationsCatalog catalog, string path)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return File.Exists(path) ? new SquadView(path) : throw new FileNotFoundException($"There is no file '{path}' to load questions from.", path);
    }

    /// <summary>Rows of a task of SuperGLUE from its file of JSON objects, one a line, which every cursor reads again, a line at a time.</summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="folder">The folder with the tasks' folders (BoolQ, CB, COPA, MultiRC, RTE, ReCoRD, WSC, WiC), or the task's own.</param>
    /// <param name="task">The task.</param>
    /// <param name="split">Its file. Default <see cref="SuperGlueSplit.Train"/>, train.jsonl.</param>
    /// <returns>
    /// A row for each row of the task. Columns are text where nothing else is said; labels that <see cref="SuperGlueSplit.Test"/> lacks are empty, or -1 where they are numbers.
    /// <list type="bullet">
    /// <item><description>BoolQ: <c>Text</c>, the question; <c>TextPair</c>, the passage; <c>Label</c>, "true" or "false".</description></item>
    /// <item><description>CB and RTE: <c>Text</c>, the premise; <c>TextPair</c>, the hypothesis; <c>Label</c>.</description></item>
    /// <item><description>MultiRC, a row for each answer: <c>Text</c>, the paragraph; <c>TextPair</c>, question and answer; <c>Label</c>, "1" where the answer is right, else "0"; and
    /// <c>Question</c>, Int32, the same for all answers to a question: the question's index in the file.</description></item>
    /// <item><description>WiC: <c>Text</c> and <c>TextPair</c>, the two sentences; <c>Word</c>; <c>Start1</c> and <c>End1</c>, <c>Start2</c> and <c>End2</c>, Int32, where the word is in the first
    /// and in the second; <c>Label</c>, "true" or "false".</description></item>
    /// <item><description>WSC: <c>Text</c>; <c>Start1</c> and <c>End1</c>, <c>Start2</c> and <c>End2</c>, Int32, where the noun phrase and the pronoun are; <c>Label</c>, "true" or "false".</description></item>
    /// <item><description>COPA: <c>Premise</c>; <c>Question</c>, "because" where its cause is asked for, "so" for its effect; <c>Choices</c>, a vector of two texts; <c>Label</c>, Int32, the index of
    /// the right one.</description></item>
    /// <item><description>ReCoRD, a row for each query: <c>Premise</c>, the passage, its highlights after dashes; <c>Choices</c>, a vector of text, the query with each entity of the passage in place;
    /// <c>Entities</c>, a vector of text, these entities in the passage's order; <c>Answers</c>, a vector of text; <c>Label</c>, Int32, the index of the first entity that is an answer, -1 where none is.</description></item>
    /// </list>
    /// </returns>
    /// <remarks>
    /// Starts and ends of spans are UTF-16 code units, the end exclusive. WiC's files count code points. WSC's files count words, and where a count is off, the words nearest to it are taken.
    /// Texts are joined as P-Tuning v2's authors do. Other fields of the files are skipped.
    /// </remarks>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such task or file of SuperGLUE.</exception>
    /// <exception cref="InvalidDataException">While reading: a line is cut short, no JSON object, lacks a field, or has one of another type, or a span is not in its text; the message names the line.</exception>
    public static IDataView LoadFromSuperGlue(this DataOperationsCatalog catalog, string folder, SuperGlueTask task, SuperGlueSplit split = SuperGlueSplit.Train)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return SuperGlueView.Open(folder, task, split);
    }

    /// <summary>
    /// Rows of words and labels from a column file (CoNLL-2003, WNUT, CoNLL-U, Universal PropBank and similar forms), which every cursor reads again.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="options">Its form. Default null: that of CoNLL-2003, which fits most files.</param>
    /// <returns>The columns <c>Words</c> and <c>Label</c>, vectors of text, and <c>Predicate</c>, the index of a word, where the options set its column.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ArgumentException">The options contradict themselves.</exception>
    /// <exception cref="InvalidDataException">While reading: a line misses a column, is not UTF-8, or has another fault; the message names file and line.</exception>
    public static IDataView LoadFromConll(this DataOperationsCatalog catalog, string path, ConllOptions? options = null) => catalog.LoadFromConll([path], options);

    /// <summary>Rows of words and labels from several column files of one form, one after the other.</summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="paths">The files, UTF-8.</param>
    /// <param name="options">Their form. Default null: that of CoNLL-2003, which fits most files.</param>
    /// <inheritdoc cref="LoadFromConll(DataOperationsCatalog, string, ConllOptions)"/>
    public static IDataView LoadFromConll(this DataOperationsCatalog catalog, IEnumerable<string> paths, ConllOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(paths);
        options ??= new ConllOptions();
        options.Validate();
        string[] files = [.. paths];
        foreach (string file in files)
            if (!File.Exists(file)) throw new FileNotFoundException($"There is no file '{file}' to load words from.", file);
        return new ConllView(MLNetInternals.EnvironmentOf(catalog), files, options);
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

    /// <summary>
    /// Trains one prompt for several tasks with a head each, as P-Tuning v2 proposes: <c>Fit()</c> returns a transformer for each task, and the prompt to train single
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
