// A task of a server: its model, how a text becomes examples of it, and how its predictions become an answer.
using Microsoft.ML;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Serving;

/// <summary>
/// A model under a task's name. It has holders: the server, as long as the name stands for it, every request that is not answered yet, and the batch that it is computed in.
/// The last one to <see cref="Release"/> it ends its use of the model.
/// </summary>
internal sealed class ServedTask
{
    private readonly Func<string, string?, EncodedRows<TaskPrediction>> _encode;
    private readonly ModelUse _use;
    private readonly IDisposable? _loaded;
    private int _holders = 1;

    private ServedTask(PromptServerTask description, Func<string, string?, EncodedRows<TaskPrediction>> encode, ModelUse use, IDisposable? loaded) =>
        (Description, _encode, _use, _loaded) = (description, encode, use, loaded);

    /// <summary>Its name, classes and form.</summary>
    public PromptServerTask Description { get; }

    /// <summary>The model, while there are holders.</summary>
    public TunedModel Model => _use.Required;

    /// <summary>A task, held once.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="model">A trained transformer, or a chain with one.</param>
    /// <param name="loaded">What is disposed with it; null for nothing.</param>
    /// <exception cref="ArgumentException">It is no model of classification or labeling, or reads spans.</exception>
    /// <exception cref="IOException">Its backbone's folder is missing, or holds another backbone by now.</exception>
    public static ServedTask Of(string name, ITransformer model, IDisposable? loaded = null)
    {
        var step = NamedTask.StepOf(name, model);
        var settings = step.Prompt.Settings;
        var classes = step.ClassNames;
        if (settings.Spans is { Length: > 0 }) throw new ArgumentException($"The task '{name}' reads spans of its texts, which requests do not have; predict with its own transformer.");
        var encode = step.Predictor switch
        {
            TextPredictor classifier => Encoder(classifier, classifier.Row, probabilities => Classified(classes, probabilities)),
            TokenLabelingPredictor labeler => Encoder(labeler, labeler.Row, row => Labeled(classes, row)),
            _ => throw new ArgumentException($"The task '{name}' is a {step.GetType().Name}; a server has tasks of classification (PTuningV2Classify) and of labeling words (PTuningV2LabelTokens). Predict with its own transformer."),
        };
        return new ServedTask(new PromptServerTask(name, classes, step.Predictor is TokenLabelingPredictor, settings.InputColumns.Length > 1), encode, step.Prompt.Model.Use(), loaded);
    }

    /// <summary>Checks that a request has the texts that the task reads.</summary>
    /// <exception cref="ArgumentException">There is a second text where it reads one, or none where it reads two.</exception>
    public void Check(string? pair)
    {
        if (Description.ReadsPairs && pair is null) throw new ArgumentException($"The task '{Description.Name}' reads two texts, and the request has one; give the second one.", nameof(pair));
        if (!Description.ReadsPairs && pair is not null) throw new ArgumentException($"The task '{Description.Name}' reads one text, and the request has two; leave the second one null.", nameof(pair));
    }

    /// <summary>A request's text, and its second one, as the model reads them. There is one result.</summary>
    public EncodedRows<TaskPrediction> Encode(string text, string? pair) => _encode(text, pair);

    /// <summary>Adds a holder; there is another one.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>Takes a holder away, and with the last one releases the model.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        try { _use.Dispose(); }
        finally { _loaded?.Dispose(); }
    }

    private static Func<string, string?, EncodedRows<TaskPrediction>> Encoder<TRow, TResult>(IExamplePredictor<TRow, TResult> predictor, Func<string, string?, TRow> row, Func<TResult, TaskPrediction> prediction) =>
        (text, pair) =>
        {
            var encoded = predictor.Encode([row(text, pair)]);
            return new(encoded.Examples, predicted => [prediction(encoded.Results(predicted)[0])]);
        };

    private static TaskPrediction Classified(IReadOnlyList<string> classes, float[] probabilities) =>
        new(classes[TextClassification.IndexOfMax(probabilities)], [.. classes.Zip(probabilities, (label, probability) => new ClassScore(label, probability))], [], []);

    private static TaskPrediction Labeled(IReadOnlyList<string> classes, LabeledRow row)
    {
        var words = row.Labels.Select((label, word) => new WordPrediction(row.Row.Words[word], classes[label], row.ProbabilityOf(word), row.StartOf(word), row.EndOf(word))).ToArray();
        var entities = row.Entities.Select(e => new EntityPrediction(e.Type, row.TextOf(e).ToString(), row.StartOf(e.Start), row.EndOf(e.End - 1), row.ProbabilityOf(e)));
        return new(string.Join(' ', words.Select(word => word.Label)), [], words, [.. entities]);
    }
}
