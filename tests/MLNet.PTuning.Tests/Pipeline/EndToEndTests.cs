// All steps of an app, on the example's data and backbone: text file, training, evaluation, saving, loading, single predictions.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class EndToEndTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void A_pipeline_from_a_text_file_trains_evaluates_saves_loads_and_predicts()
    {
        var train = _ml.Data.TakeRows(_ml.Data.LoadFromTextFile<Row>(Examples.At("SentimentAnalysis", "data", "train.tsv"), hasHeader: true), 48);
        var pipeline = _ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(_ml.Transforms.PTuningV2Classify(new TextClassificationOptions(Examples.At("backbones", "tiny-bert-en")) { Epochs = 2, BatchSize = 16 }))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        using var model = pipeline.Fit(train);
        _ml.Model.Save(model, train.Schema, _folder.At("sentiment.zip"));
        using var loaded = (TransformerChain<ITransformer>)_ml.Model.Load(_folder.At("sentiment.zip"), out _);

        var test = _ml.Data.TakeRows(_ml.Data.LoadFromTextFile<Row>(Examples.At("SentimentAnalysis", "data", "test.tsv"), hasHeader: true), 20);
        var predicted = _ml.Data.CreateEnumerable<Answer>(model.Transform(test), reuseRowObject: false).ToList();
        Assert.Equal(20, predicted.Count);
        Assert.All(predicted, p => Assert.Contains(p.PredictedLabel, new[] { "positive", "negative" }));
        Assert.InRange(_ml.MulticlassClassification.Evaluate(loaded.Transform(test)).MicroAccuracy, 0, 1);

        using var engine = _ml.Model.CreatePredictionEngine<Row, Answer>(loaded);
        var one = _ml.Data.CreateEnumerable<Row>(test, reuseRowObject: false).First();
        var answer = engine.Predict(one);
        Assert.Equal(predicted[0].PredictedLabel, answer.PredictedLabel);
        Assert.All(predicted[0].Score.Zip(answer.Score), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void A_missing_GPU_is_an_error_unless_FallbackToCpu_is_set()
    {
        _ml.GpuDeviceId = 99;
        var data = _ml.Data.LoadFromEnumerable(Reviews.Rows(8));
        using var backbone = new Backbones.TinyBackbone();
        var options = Reviews.Options(backbone);
        options.Epochs = 1;
        var error = Assert.Throws<InvalidOperationException>(() => Reviews.Pipeline(_ml, options).Fit(data));
        Assert.Contains("99", error.Message);
        Assert.Contains("FallbackToCpu", error.Message);
        _ml.FallbackToCpu = true;
        using var model = Reviews.Pipeline(_ml, options).Fit(data);
        Assert.Equal("cpu", model.LastTransformer.Report!.Device);
    }

    public void Dispose() => _folder.Dispose();

    public sealed class Row
    {
        [LoadColumn(0)]
        public string Label { get; set; } = "";

        [LoadColumn(1)]
        public string Text { get; set; } = "";
    }

    public sealed class Answer
    {
        public string PredictedLabel { get; set; } = "";

        public float[] Score { get; set; } = [];
    }
}
