// One of the tasks of a model of several: how its rows are read and predicted, whatever they and their results are.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>A task with its name. Rows and results are of the types of its predictor.</summary>
internal abstract class NamedTask(string name, SharedModel model, IRowPredictor predictor)
{
    /// <summary>The task's name.</summary>
    public string Name => name;

    /// <summary>Its model.</summary>
    public SharedModel Model => model;

    /// <summary>What its own transformer predicts with.</summary>
    public IRowPredictor Predictor => predictor;

    /// <inheritdoc cref="IRowPredictor{TRow, TResult}.BatchSize"/>
    public abstract int BatchSize { get; }

    /// <inheritdoc cref="IRowPredictor{TRow, TResult}.Reader"/>
    public abstract Func<object> Reader(DataViewRow row);

    /// <inheritdoc cref="IExamplePredictor{TRow, TResult}.Encode"/>
    public abstract EncodedRows<object> Encode(IEnumerable<object> rows);

    /// <inheritdoc cref="IRowPredictor{TRow, TResult}.Getter"/>
    public abstract Delegate Getter(int index, Func<object> result);

    /// <summary>What is predicted, as text: a class, the labels of words, an answer, the index of a choice.</summary>
    public abstract string Label(object result);

    /// <summary>Probabilities: of each class, of each word's label, of each answer, of each choice.</summary>
    public abstract float[] Scores(object result);

    /// <summary>The step that predicts a task.</summary>
    /// <param name="task">The task's name, for the error.</param>
    /// <param name="model">A trained transformer, or a chain with one.</param>
    /// <exception cref="ArgumentException">It is neither.</exception>
    public static PTuningTransformer StepOf(string task, ITransformer model) => StepsOf(model).ToList() is [var step] ? step : throw new ArgumentException(
        $"The model of task '{task}' ({model?.GetType().Name ?? "null"}) is no trained model of one task. Give what Fit of PTuningV2Classify, PTuningV2LabelTokens, PTuningV2AnswerQuestions or PTuningV2Choose returns, or a pipeline's chain with one such step.");

    /// <summary>A task that a transformer predicts.</summary>
    /// <exception cref="ArgumentException">It writes.</exception>
    public static NamedTask Of(string name, PTuningTransformer transformer)
    {
        var classes = transformer.ClassNames;
        var model = transformer.Prompt.Model;
        return transformer.Predictor switch
        {
            TextPredictor classifier => new NamedTask<TextRow, float[]>(name, model, classifier, probabilities => classes[TextClassification.IndexOfMax(probabilities)], probabilities => probabilities),
            TokenLabelingPredictor labeler => new NamedTask<WordRow, LabeledRow>(name, model, labeler, row => string.Join(' ', row.Labels.Select(label => classes[label])),
                row => [.. Enumerable.Range(0, row.Labels.Length).Select(word => row.ProbabilityOf(word))]),
            AnswerPredictor answers => new NamedTask<TextRow, AnsweredRow>(name, model, answers, row => row.Answers.Best is [var best, ..] ? row.Context[best.Start..best.End] : "",
                row => [.. row.Answers.Best.Select(answer => answer.Probability)]),
            ChoicePredictor choices => new NamedTask<ChoiceRow, float[]>(name, model, choices,
                probabilities => probabilities.Length > 0 ? TextClassification.IndexOfMax(probabilities).ToString(CultureInfo.InvariantCulture) : "", probabilities => probabilities),
            _ => throw new ArgumentException($"The task '{name}' writes (PTuningV2Generate), and rows that are written token by token are not predicted together with others; leave it out, and write with its own transformer."),
        };
    }

    private static IEnumerable<PTuningTransformer> StepsOf(ITransformer model) => model switch
    {
        PTuningTransformer trained => [trained],
        IEnumerable<ITransformer> chain => chain.SelectMany(StepsOf),
        _ => [],
    };
}

/// <inheritdoc/>
internal sealed class NamedTask<TRow, TResult>(string name, SharedModel model, IExamplePredictor<TRow, TResult> predictor, Func<TResult, string> label, Func<TResult, float[]> scores)
    : NamedTask(name, model, predictor) where TRow : notnull where TResult : notnull
{
    public override int BatchSize => predictor.BatchSize;

    public override Func<object> Reader(DataViewRow row)
    {
        var read = predictor.Reader(row);
        return () => read();
    }

    public override EncodedRows<object> Encode(IEnumerable<object> rows)
    {
        var encoded = predictor.Encode([.. rows.Cast<TRow>()]);
        return new(encoded.Examples, predicted => [.. encoded.Results(predicted).Cast<object>()]);
    }

    public override Delegate Getter(int index, Func<object> result) => predictor.Getter(index, () => (TResult)result());

    public override string Label(object result) => label((TResult)result);

    public override float[] Scores(object result) => scores((TResult)result);
}
