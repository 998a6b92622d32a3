// What each task's own transformer answers, to compare a server's answers with: labels and probabilities to the last bit.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Benchmarks.Serving;

/// <summary>Answers of a task's own transformer as text: labels, and the bits of their probabilities.</summary>
internal sealed class OwnAnswers : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly ITransformer _model;
    private readonly IDataView _rows;
    private readonly ServiceTask _task;

    public OwnAnswers(ServiceTask task, IEnumerable<ServiceText> texts)
    {
        _task = task;
        // The chain's first step makes keys of labels, which requests do not have.
        _model = ((IEnumerable<ITransformer>)_ml.Model.Load(task.File, out _)).Last();
        _rows = _ml.Data.LoadFromEnumerable(texts.Select(text => new Row { Text = text.Text, Second = text.Pair ?? "", Words = text.Text }));
    }

    /// <summary>Predicts all rows with the transformer, a batch at a time; returns how many there are.</summary>
    public int Transform()
    {
        int rows = 0;
        var view = _model.Transform(_rows);
        using var cursor = view.GetRowCursor([view.Schema["Score"]]);
        var score = cursor.GetGetter<VBuffer<float>>(view.Schema["Score"]);
        var value = default(VBuffer<float>);
        for (; cursor.MoveNext(); rows++) score(ref value);
        return rows;
    }

    /// <summary>The answers, in the order of the texts.</summary>
    public IEnumerable<string> AsText()
    {
        var view = _model.Transform(_rows);
        string[] classes = Classes(view);
        var (labelColumn, scoreColumn) = (view.Schema["PredictedLabel"], view.Schema["Score"]);
        using var cursor = view.GetRowCursor([labelColumn, scoreColumn]);
        var (one, many) = _task.LabelsWords ? (null, cursor.GetGetter<VBuffer<uint>>(labelColumn)) : (cursor.GetGetter<uint>(labelColumn), default(ValueGetter<VBuffer<uint>>));
        var score = cursor.GetGetter<VBuffer<float>>(scoreColumn);
        var (key, keys, scores) = (0u, default(VBuffer<uint>), default(VBuffer<float>));
        while (cursor.MoveNext())
        {
            score(ref scores);
            float[] values = [.. scores.DenseValues()];
            if (one is not null)
            {
                one(ref key);
                yield return Of(classes[key - 1], values);
            }
            else
            {
                many!(ref keys);
                uint[] labels = [.. keys.DenseValues()];
                yield return Of(string.Join(' ', labels.Select(label => classes[label - 1])), labels.Select((label, word) => values[(word * classes.Length) + label - 1]));
            }
        }
    }

    /// <summary>A server's answer in the same form.</summary>
    public static string AsText(TaskPrediction answer) =>
        Of(answer.Label, answer.Words.Count > 0 ? answer.Words.Select(word => word.Probability) : answer.Scores.Select(score => score.Probability));

    public void Dispose() => (_model as IDisposable)?.Dispose();

    private static string Of(string label, IEnumerable<float> probabilities) => $"{label} {string.Join(' ', probabilities.Select(BitConverter.SingleToUInt32Bits))}";

    private static string[] Classes(IDataView view)
    {
        var names = default(VBuffer<ReadOnlyMemory<char>>);
        view.Schema["PredictedLabel"].GetKeyValues(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string Second { get; set; } = "";

        public string Words { get; set; } = "";
    }
}
