// The public entry points for prompts that were trained elsewhere: models made without training.
using Microsoft.ML.Runtime;
using MLNet.PTuning;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace Microsoft.ML;

/// <summary>Models from PEFT folders and from checkpoints of P-Tuning v2's code, as extension methods of ML.NET's catalogs.</summary>
public static class PeftCatalog
{
    private const string HeadReadsFirstToken = "The head of a PEFT folder, or of P-Tuning v2's own code, was trained to read the first token; leave Pooling at FirstToken.";

    /// <summary>A classifier of texts from a prompt and head that were trained with Hugging Face PEFT or with P-Tuning v2's own code.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The backbone that it was trained on, as Hugging Face publishes it.</param>
    /// <param name="peftFolder">The folder with the trained prompt; see <see cref="PeftFolder.Load"/>.</param>
    /// <param name="classNames">
    /// Names of the classes. Default null: the folder's own (<see cref="PeftFolder.ClassNames"/>). For a folder that has none they are required, in the order of the head's rows
    /// (<c>id2label</c> in Python); for a folder that has its own they may be given in any order, which becomes that of the keys and scores.
    /// </param>
    /// <param name="textColumnName">The text column.</param>
    /// <param name="textPairColumnName">The second text's column for pairs; null for single texts.</param>
    /// <returns>An estimator that needs no training, whose model adds <c>PredictedLabel</c> (a key of <paramref name="classNames"/>) and <c>Score</c> (a probability per class).</returns>
    /// <exception cref="ArgumentException">A value is out of range, or the names are not those of the head's classes.</exception>
    /// <exception cref="InvalidDataException">The folder is damaged, holds no head, or was trained on another kind of backbone.</exception>
    public static PeftEstimator<PTuningClassificationTransformer> PTuningV2ClassifyFromPeft(this TransformsCatalog catalog, string backboneFolder, string peftFolder,
        IReadOnlyList<string>? classNames = null, string textColumnName = "Text", string? textPairColumnName = null) =>
        catalog.PTuningV2ClassifyFromPeft(new TextClassificationOptions(backboneFolder)
        {
            StartFrom = PeftFolder.Load(peftFolder),
            TextColumnName = textColumnName,
            TextPairColumnName = textPairColumnName,
        }, classNames);

    /// <summary>A classifier of texts from <see cref="PTuningOptions.StartFrom"/>; the options of training are not used.</summary>
    /// <inheritdoc cref="PTuningV2ClassifyFromPeft(TransformsCatalog, string, string, IReadOnlyList{string}, string, string)"/>
    public static PeftEstimator<PTuningClassificationTransformer> PTuningV2ClassifyFromPeft(this TransformsCatalog catalog, TextClassificationOptions options, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        options = (TextClassificationOptions)options.Copy();
        var names = NamesOfHead(options, classNames, PeftHead.Classification);
        if (names.Count < 2) throw new ArgumentException($"The head of {options.StartFrom!.Path} has the one class '{names[0]}', which chooses among texts and does not classify; take PTuningV2ChooseFromPeft.");
        if (options.Pooling == Pooling.Mean)
            throw new ArgumentException(HeadReadsFirstToken);
        if (options.Spans.Count > 0) throw new ArgumentException("The head of a PEFT folder, or of P-Tuning v2's own code, was trained to read no spans; leave Spans empty.");
        var binary = BinarySettings.Of(options, isBoolean: false);
        binary?.Check(names);
        var host = MLNetInternals.EnvironmentOf(catalog).Register(nameof(PTuningClassificationTransformer));
        var (model, settings) = PromptFit.WithoutTraining(host, options, names, pools: true);
        var columns = options.Columns;
        return new PeftEstimator<PTuningClassificationTransformer>(
            new PTuningClassificationTransformer(host, model, LabelKeys.Of(names), settings with { InputColumns = columns.Names, Binary = binary }), input =>
            {
                columns.Check(input);
                return ClassificationColumns.Promises(options, MLNetInternals.KeyOfText(options.LabelColumnName));
            });
    }

    /// <summary>A labeler of words from a prompt and head that were trained with Hugging Face PEFT or with P-Tuning v2's own code.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The backbone that it was trained on, as Hugging Face publishes it.</param>
    /// <param name="peftFolder">The folder with the trained prompt; see <see cref="PeftFolder.Load"/>.</param>
    /// <param name="classNames">
    /// Names of the labels. Default null: the folder's own (<see cref="PeftFolder.ClassNames"/>). For a folder that has none they are required, in the order of the head's rows
    /// (<c>id2label</c> in Python); for a folder that has its own they may be given in any order, which becomes that of the keys and scores.
    /// </param>
    /// <param name="wordsColumnName">The column of words: a vector of text, or plain text.</param>
    /// <returns>An estimator that needs no training, whose model adds <c>PredictedLabel</c> (a key per word) and <c>Score</c> (a probability per class and word).</returns>
    /// <exception cref="ArgumentException">A value is out of range, or the names are not those of the head's labels.</exception>
    /// <exception cref="InvalidDataException">The folder is damaged, holds no head, or was trained on another kind of backbone.</exception>
    public static PeftEstimator<PTuningTokenLabelingTransformer> PTuningV2LabelTokensFromPeft(this TransformsCatalog catalog, string backboneFolder, string peftFolder,
        IReadOnlyList<string>? classNames = null, string wordsColumnName = "Words") =>
        catalog.PTuningV2LabelTokensFromPeft(new TokenLabelingOptions(backboneFolder) { StartFrom = PeftFolder.Load(peftFolder), WordsColumnName = wordsColumnName }, classNames);

    /// <summary>A labeler of words from <see cref="PTuningOptions.StartFrom"/>; the options of training are not used.</summary>
    /// <inheritdoc cref="PTuningV2LabelTokensFromPeft(TransformsCatalog, string, string, IReadOnlyList{string}, string)"/>
    public static PeftEstimator<PTuningTokenLabelingTransformer> PTuningV2LabelTokensFromPeft(this TransformsCatalog catalog, TokenLabelingOptions options, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        options = (TokenLabelingOptions)options.Copy();
        var names = NamesOfHead(options, classNames, PeftHead.Labeling);
        var guess = TagGuess.Of(names, options.Scheme);
        var constraint = options.Constrained ? TagConstraint.Of(names, guess, []) : TagConstraint.Of(guess.Scheme);
        var host = MLNetInternals.EnvironmentOf(catalog).Register(nameof(PTuningTokenLabelingTransformer));
        using (var channel = host.Start("Labels"))
            foreach (string warning in guess.Doubts.Concat(constraint.Warnings)) channel.Warning(MessageSensitivity.None, "{0}", warning);
        var columns = options.Columns(textHasLabels: false);
        var (model, settings) = PromptFit.WithoutTraining(host, options, names, pools: false);
        settings = settings with { InputColumns = columns.Names, Labeling = LabelingSettings.Of(options, constraint, columns) };
        return new PeftEstimator<PTuningTokenLabelingTransformer>(new PTuningTokenLabelingTransformer(host, model, LabelKeys.Of(names), settings), input =>
        {
            columns.Check(input);
            return LabelingColumns.Promises(options, MLNetInternals.KeyOfText(options.LabelColumnName));
        });
    }

    /// <summary>A model that answers questions from a prompt and head that were trained with Hugging Face PEFT (task type QUESTION_ANS) or with P-Tuning v2's own code.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The backbone that it was trained on, as Hugging Face publishes it.</param>
    /// <param name="peftFolder">The folder with the trained prompt; see <see cref="PeftFolder.Load"/>.</param>
    /// <param name="contextColumnName">The column of the texts that answers are in.</param>
    /// <param name="questionColumnName">The column of the questions.</param>
    /// <returns>An estimator that needs no training, whose model adds <c>PredictedAnswer</c>, <c>Score</c>, <c>AnswerStart</c>, <c>AnswerEnd</c> and <c>NoAnswerProbability</c>.</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    /// <exception cref="InvalidDataException">The folder is damaged, holds no head, or was trained on another kind of backbone.</exception>
    public static PeftEstimator<PTuningQuestionAnsweringTransformer> PTuningV2AnswerQuestionsFromPeft(this TransformsCatalog catalog, string backboneFolder, string peftFolder,
        string contextColumnName = "Context", string questionColumnName = "Question") =>
        catalog.PTuningV2AnswerQuestionsFromPeft(new QuestionAnsweringOptions(backboneFolder)
        {
            StartFrom = PeftFolder.Load(peftFolder),
            ContextColumnName = contextColumnName,
            QuestionColumnName = questionColumnName,
        });

    /// <summary>
    /// A model that answers questions from <see cref="PTuningOptions.StartFrom"/>; the options of training are not used. It answers every question unless
    /// <see cref="QuestionAnsweringOptions.NullThreshold"/> is set.
    /// </summary>
    /// <inheritdoc cref="PTuningV2AnswerQuestionsFromPeft(TransformsCatalog, string, string, string, string)"/>
    public static PeftEstimator<PTuningQuestionAnsweringTransformer> PTuningV2AnswerQuestionsFromPeft(this TransformsCatalog catalog, QuestionAnsweringOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        options = (QuestionAnsweringOptions)options.Copy();
        var names = NamesOfHead(options, QuestionAnswering.Ends, PeftHead.Answering);
        if (options.ReasonAgainstHeadOfStart is { } reason) throw new ArgumentException($"The head in {options.StartFrom!.Path} {reason}; train from it instead (StartFrom).");
        var host = MLNetInternals.EnvironmentOf(catalog).Register(nameof(PTuningQuestionAnsweringTransformer));
        var (model, settings) = PromptFit.WithoutTraining(host, options, names, pools: false);
        settings = PTuningQuestionAnsweringEstimator.Finished(settings, options, abstains: false);
        return new PeftEstimator<PTuningQuestionAnsweringTransformer>(new PTuningQuestionAnsweringTransformer(host, model, LabelKeys.Of(names), settings), input =>
        {
            options.Columns.Check(input);
            return AnswerColumns.Promises(options);
        });
    }

    /// <summary>A model that chooses, from a prompt and head that were trained elsewhere: a head of one class (task type SEQ_CLS), as Python's classes for multiple choice have it.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The backbone that it was trained on, as Hugging Face publishes it.</param>
    /// <param name="peftFolder">The folder with the trained prompt; see <see cref="PeftFolder.Load"/>.</param>
    /// <param name="premiseColumnName">The column of the texts that all of a row's choices are read with.</param>
    /// <param name="questionColumnName">The column of questions, each read after its premise; null for none.</param>
    /// <param name="choicesColumnName">The column of choices, a vector of text.</param>
    /// <returns>An estimator that needs no training, whose model adds <c>PredictedLabel</c> and <c>Score</c>.</returns>
    /// <exception cref="ArgumentException">A value is out of range, or the head has several classes.</exception>
    /// <exception cref="InvalidDataException">The folder is damaged, holds no head, or was trained on another kind of backbone.</exception>
    public static PeftEstimator<PTuningMultipleChoiceTransformer> PTuningV2ChooseFromPeft(this TransformsCatalog catalog, string backboneFolder, string peftFolder,
        string premiseColumnName = "Premise", string? questionColumnName = null, string choicesColumnName = "Choices") =>
        catalog.PTuningV2ChooseFromPeft(new MultipleChoiceOptions(backboneFolder)
        {
            StartFrom = PeftFolder.Load(peftFolder),
            PremiseColumnName = premiseColumnName,
            QuestionColumnName = questionColumnName,
            ChoicesColumnName = choicesColumnName,
        });

    /// <summary>A model that chooses, from <see cref="PTuningOptions.StartFrom"/>; the options of training are not used.</summary>
    /// <inheritdoc cref="PTuningV2ChooseFromPeft(TransformsCatalog, string, string, string, string, string)"/>
    public static PeftEstimator<PTuningMultipleChoiceTransformer> PTuningV2ChooseFromPeft(this TransformsCatalog catalog, MultipleChoiceOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        options = (MultipleChoiceOptions)options.Copy();
        if (options.Pooling == Pooling.Mean) throw new ArgumentException(HeadReadsFirstToken);
        var names = NamesOfHead(options, MultipleChoice.ClassNames, PeftHead.Classification);
        var host = MLNetInternals.EnvironmentOf(catalog).Register(nameof(PTuningMultipleChoiceTransformer));
        var (model, settings) = PromptFit.WithoutTraining(host, options, names, pools: true);
        settings = settings with { InputColumns = options.Columns.Names };
        return new PeftEstimator<PTuningMultipleChoiceTransformer>(new PTuningMultipleChoiceTransformer(host, model, LabelKeys.Of(names), settings), input =>
        {
            options.Columns.Check(input);
            return ChoiceColumns.Promises(options);
        });
    }

    /// <summary>A model that writes from a prompt that was trained with Hugging Face PEFT (task type CAUSAL_LM).</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="backboneFolder">The decoder that it was trained on, as Hugging Face publishes it.</param>
    /// <param name="peftFolder">The folder with the trained prompt; see <see cref="PeftFolder.Load"/>.</param>
    /// <param name="textColumnName">The column of texts that are continued.</param>
    /// <param name="maxNewTokens">Most tokens that are written.</param>
    /// <returns>An estimator that needs no training, whose model adds <c>GeneratedText</c> and <c>Score</c>.</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    /// <exception cref="InvalidDataException">The folder is damaged, or was trained on another kind of backbone.</exception>
    public static PeftEstimator<PTuningTextGenerationTransformer> PTuningV2GenerateFromPeft(this TransformsCatalog catalog, string backboneFolder, string peftFolder,
        string textColumnName = "Text", int maxNewTokens = 64) =>
        catalog.PTuningV2GenerateFromPeft(new TextGenerationOptions(backboneFolder) { StartFrom = PeftFolder.Load(peftFolder), TextColumnName = textColumnName, MaxNewTokens = maxNewTokens });

    /// <summary>A model that writes from <see cref="PTuningOptions.StartFrom"/>; the options of training are not used.</summary>
    /// <inheritdoc cref="PTuningV2GenerateFromPeft(TransformsCatalog, string, string, string, int)"/>
    public static PeftEstimator<PTuningTextGenerationTransformer> PTuningV2GenerateFromPeft(this TransformsCatalog catalog, TextGenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        options = (TextGenerationOptions)options.Copy();
        options.Validate();
        if (StartOf(options).TaskType is { } type && type != PeftHead.Writing) throw new ArgumentException($"{options.StartFrom!.Path} was trained for {type}; this task is {PeftHead.Writing}.");
        return Writing(catalog, options);
    }

    /// <summary>A decoder that writes as it is, without a prompt: what a tuned one is compared with. Nothing is trained; the options' method and training are not used.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="options">The backbone, the columns, and how it writes.</param>
    /// <returns>An estimator that needs no training, whose model adds <c>GeneratedText</c> and <c>Score</c>.</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static PeftEstimator<PTuningTextGenerationTransformer> PTuningV2GenerateUntuned(this TransformsCatalog catalog, TextGenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        options = (TextGenerationOptions)options.Copy();
        (options.Method, options.StartFrom) = (new HeadOnly(), null);
        options.Validate();
        return Writing(catalog, options);
    }

    private static PeftEstimator<PTuningTextGenerationTransformer> Writing(TransformsCatalog catalog, TextGenerationOptions options)
    {
        var host = MLNetInternals.EnvironmentOf(catalog).Register(nameof(PTuningTextGenerationTransformer));
        var (model, settings) = PromptFit.WithoutTraining(host, options, TextGeneration.ClassNames, pools: false, writes: true);
        try
        {
            settings = PTuningTextGenerationEstimator.Finished(settings, options, EndTokens.Of(model.Backbone.Folder, model.Backbone.Config.VocabSize), options.Seed ?? MLNetInternals.SeedOf(host) ?? 0);
            GenerationRows.CheckRoom(new TextGeneration(model.Backbone.Tokenizer, settings.Method, settings.MaxLength, settings.EndTokens!), settings.Generation!);
        }
        catch
        {
            model.Dispose();
            throw;
        }
        return new PeftEstimator<PTuningTextGenerationTransformer>(new PTuningTextGenerationTransformer(host, model, settings), input =>
        {
            options.Columns.Check(input);
            return GenerationPredictor.Promises(options);
        });
    }

    private static PeftFolder StartOf(PTuningOptions options) => options.StartFrom ?? throw new ArgumentException("StartFrom names no trained prompt. Set it to PeftFolder.Load(folder).");

    private static IReadOnlyList<string> NamesOfHead(PTuningOptions options, IReadOnlyList<string>? classNames, string taskType)
    {
        options.Validate();
        var start = StartOf(options);
        if (start.TaskType is { } type && type != taskType) throw new ArgumentException($"{start.Path} was trained for {type}; this task is {taskType}.");
        return start.NamesOfHead(classNames);
    }
}
