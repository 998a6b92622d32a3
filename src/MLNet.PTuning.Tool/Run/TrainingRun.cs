// What a training run hands to everything that is made of it: metrics, predictions, the report, the generated code.
using MLNet.PTuning.Tool.Data;

namespace MLNet.PTuning.Tool.Run;

/// <summary>The tasks that the command line trains, named as its verbs are.</summary>
internal enum TaskKind
{
    /// <summary>Classes of texts, or of pairs of texts. Test rows are <see cref="ClassifiedText"/>.</summary>
    Classify,
    /// <summary>A label for each word. Test rows are <see cref="LabeledWords"/>.</summary>
    Label,
    /// <summary>Answers to questions, found in texts. Test rows are <see cref="AnsweredQuestion"/>.</summary>
    Answer,
    /// <summary>One of the choices that a text has. Test rows are <see cref="ChosenText"/>.</summary>
    Choose,
    /// <summary>Texts that continue others. Test rows are <see cref="GeneratedText"/>.</summary>
    Generate,
}

/// <summary>
/// A finished training run. Everything in it is final, and nothing in it needs the model or the data files, so that what is written from it (a report, code) can be tested without training.
/// Scores of the model, of the head alone and of the majority class are of the same test rows.
/// </summary>
internal sealed record TrainingRun
{
    /// <summary>A name for the run's files, made of the data file's name: letters, digits and underscores, beginning with a letter (<c>sst2</c>).</summary>
    public required string Name { get; init; }

    /// <summary>The task.</summary>
    public required TaskKind Task { get; init; }

    /// <summary>The data files, the columns that were taken, the classes, and what was noticed about the rows.</summary>
    public required DataSummary Data { get; init; }

    /// <summary>
    /// The options of the final training, those of the best trial after a search: method, rate, columns, precision. A <see cref="TextClassificationOptions"/> or its like, by <see cref="Task"/>.
    /// Where one is null, the library's default was used. Its column names are those of ML.NET's rows (<see cref="InputColumn"/>).
    /// </summary>
    public required PTuningOptions Options { get; init; }

    /// <summary>Curves, times and parameters of the training run.</summary>
    public required TrainingReport Training { get; init; }

    /// <summary>The trials, where the prompt was searched for (<c>--search</c>); else null.</summary>
    public SearchReport? Search { get; init; }

    /// <summary>The classes in the order of the model's scores; empty for <see cref="TaskKind.Generate"/> and for tasks without classes.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Whether the label of ML.NET's rows is Boolean, and so the model in ML.NET's binary form; else it is a text that becomes a key. For <see cref="TaskKind.Classify"/>.</summary>
    public bool HasBooleanLabel { get; init; }

    /// <summary>Whether <c>Words</c> of ML.NET's rows is a text, which the model splits at white space; else a vector of words. For <see cref="TaskKind.Label"/>.</summary>
    public bool WordsAreText { get; init; }

    /// <summary>Every test row with its gold label and what the model predicted, in the file's order. Empty where there are no test rows (<c>--test-share 0</c>).</summary>
    public required IReadOnlyList<TestRow> TestRows { get; init; }

    /// <summary>The model's scores of the test rows; null without test rows.</summary>
    public TestScores? Scores { get; init; }

    /// <summary>The scores of always predicting the training rows' most frequent label; null without test rows, and for answering, choosing and writing, which have none.</summary>
    public TestScores? Majority { get; init; }

    /// <summary>The scores of a head that was trained on the same frozen backbone without a prompt; null without test rows, with <c>--no-head-only</c>, and for writing.</summary>
    public TestScores? HeadOnly { get; init; }

    /// <summary>The head's own training, of which the curve is; null where <see cref="HeadOnly"/> is.</summary>
    public TrainingReport? HeadOnlyTraining { get; init; }

    /// <summary>The saved model, full path at its final place (the output folder's <c>model.zip</c>).</summary>
    public required string ModelFile { get; init; }

    /// <summary>The model file's size in bytes.</summary>
    public required long ModelBytes { get; init; }

    /// <summary>The backbone's folder, full path.</summary>
    public required string BackboneFolder { get; init; }

    /// <summary>The hash of the backbone's files, as the model file has it; null where it is not known.</summary>
    public string? BackboneHash { get; init; }

    /// <summary>Wall time of the whole run in seconds: reading, training, baselines, testing.</summary>
    public required double Seconds { get; init; }

    /// <summary>The seed of everything random: which rows are tested on, initial values, dropout, the order of rows.</summary>
    public required int Seed { get; init; }

    /// <summary>The command that was given, quoted so that a shell takes it as it is, from <c>ptuning</c> on.</summary>
    public required string CommandLine { get; init; }

    /// <summary>Version of the tool and of the library.</summary>
    public required string Version { get; init; }

    /// <summary>When the run ended.</summary>
    public required DateTimeOffset Finished { get; init; }
}

/// <summary>Scores of one model on the test rows.</summary>
/// <param name="Main">Name of the score that the task is judged by, a key of <see cref="All"/>: <c>accuracy</c>, <c>entityF1</c> (<c>wordAccuracy</c> where labels mark no entities), <c>f1</c> (answers), <c>rougeL</c>.</param>
/// <param name="All">All scores by name, fractions from 0 to 1 except <c>logLoss</c> (nats) and <c>perplexity</c>; in the order in which they are shown.</param>
internal sealed record TestScores(string Main, IReadOnlyDictionary<string, double> All)
{
    /// <summary>The score that the task is judged by, from 0 to 1.</summary>
    public double Value => All[Main];
}
