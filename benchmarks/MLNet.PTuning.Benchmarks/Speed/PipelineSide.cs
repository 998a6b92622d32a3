// The product's side of the comparison in prediction: a classification pipeline over a data view and in a prediction engine, as an app has it.
using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Benchmarks.Speed;

internal sealed class PipelineSide : IDisposable
{
    private const int TrainingRows = 64;
    private readonly MLContext _ml = new(seed: 1);
    private readonly TransformerChain<PTuningClassificationTransformer> _model;
    private readonly PredictionEngine<Row, Prediction> _engine;

    /// <summary>Trains for an epoch on the first texts, with labels that mean nothing: time does not depend on them.</summary>
    public PipelineSide(string backbone, string[] texts, int promptLength, Precision precision)
    {
        var rows = texts.Take(TrainingRows).Select((text, i) => new Row { Text = text, Label = i % 2 == 0 ? "negative" : "positive" });
        var options = new TextClassificationOptions(backbone) { Method = new DeepPrompt { Length = promptLength }, Epochs = 1, Precision = precision };
        _model = _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.PTuningV2Classify(options)).Fit(_ml.Data.LoadFromEnumerable(rows));
        _engine = _ml.Model.CreatePredictionEngine<Row, Prediction>(_model);
    }

    /// <summary>Milliseconds a row over a data view.</summary>
    public double DataView(string[] texts)
    {
        long started = Stopwatch.GetTimestamp();
        var scored = _model.Transform(_ml.Data.LoadFromEnumerable(texts.Select(text => new Row { Text = text })));
        int count = scored.GetColumn<float[]>("Score").Count();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / count;
    }

    /// <summary>Milliseconds a row through a prediction engine.</summary>
    public double OneByOne(string[] texts)
    {
        long started = Stopwatch.GetTimestamp();
        foreach (string text in texts) _engine.Predict(new Row { Text = text });
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / texts.Length;
    }

    /// <summary>Milliseconds a row of the tokenizer alone.</summary>
    public double Tokenize(string[] texts)
    {
        var tokenizer = _model.LastTransformer.Model.Backbone.Tokenizer;
        long started = Stopwatch.GetTimestamp();
        foreach (string text in texts) tokenizer.Encode(text, null, BertShape.MiniLm.Positions);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / texts.Length;
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.LastTransformer.Dispose();
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string Label { get; set; } = "negative";
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
    }
}
