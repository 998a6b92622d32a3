// Two classes in ML.NET's binary form: what its binary evaluation, cross-validation, thresholds and calibrators take.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class BinaryTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    private sealed class Opinion
    {
        public string Text { get; set; } = "";
        public bool Label { get; set; }
    }

    private sealed class Judged
    {
        public bool Label { get; set; }
        public bool PredictedLabel { get; set; }
        public float Score { get; set; }
        public float Probability { get; set; }
    }

    private sealed class JudgedKey
    {
        public string PredictedLabel { get; set; } = "";
        public float Score { get; set; }
        public float Probability { get; set; }
    }

    [Fact]
    public void A_Boolean_label_is_taken_directly_and_gives_what_a_binary_trainer_gives()
    {
        var data = Opinions(48);
        using var model = _ml.Transforms.PTuningV2Classify(Reviews.Options(_backbone)).Fit(data);
        Assert.Equal(["False", "True"], model.ClassNames);
        var rows = _ml.Data.CreateEnumerable<Judged>(model.Transform(data), reuseRowObject: false).ToList();
        Assert.All(rows, row =>
        {
            Assert.Equal(row.Probability > 0.5, row.PredictedLabel);
            Assert.Equal(row.Probability, 1 / (1 + Math.Exp(-row.Score)), 1e-4);
        });
        Assert.InRange(rows.Average(r => r.Label == r.PredictedLabel ? 1.0 : 0.0), 0.8, 1);
    }

    [Fact]
    public void Binary_evaluation_and_cross_validation_take_the_output()
    {
        var data = Opinions(48);
        var options = Reviews.Options(_backbone);
        using var model = _ml.Transforms.PTuningV2Classify(options).Fit(data);
        var scored = model.Transform(data);
        var metrics = _ml.BinaryClassification.Evaluate(scored);
        Assert.InRange(metrics.AreaUnderRocCurve, 0.9, 1);
        Assert.InRange(metrics.LogLoss, 0, 0.9);
        var rows = _ml.Data.CreateEnumerable<Judged>(scored, reuseRowObject: false).ToList();
        Assert.Equal(rows.Average(r => r.Label == r.PredictedLabel ? 1.0 : 0.0), metrics.Accuracy, 1e-9);
        // Log loss in bits, from the probabilities themselves.
        Assert.Equal(rows.Average(r => -Math.Log2(r.Label ? r.Probability : 1 - r.Probability)), metrics.LogLoss, 1e-3);

        var folds = _ml.BinaryClassification.CrossValidate(data, _ml.Transforms.PTuningV2Classify(options), numberOfFolds: 2);
        Assert.All(folds, fold => Assert.InRange(fold.Metrics.AreaUnderRocCurve, 0.5, 1));
        foreach (var fold in folds) ((IDisposable)fold.Model).Dispose();
    }

    [Fact]
    public void Scores_can_be_calibrated()
    {
        var data = Opinions(48);
        using var model = _ml.Transforms.PTuningV2Classify(Reviews.Options(_backbone)).Fit(data);
        var scored = model.Transform(data);
        var calibrated = _ml.BinaryClassification.Calibrators.Platt(labelColumnName: "Label", scoreColumnName: "Score").Fit(scored).Transform(scored);
        Assert.InRange(_ml.BinaryClassification.Evaluate(calibrated).LogLoss, 0, 0.9);
    }

    [Fact]
    public void A_key_of_two_classes_gives_the_second_one_s_probability_on_request_and_keeps_its_values()
    {
        var options = Reviews.Options(_backbone);
        options.ProbabilityColumnName = "Probability";
        var data = _ml.Data.LoadFromEnumerable(Reviews.Rows(48));
        var pipeline = Reviews.Pipeline(_ml, options).Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        using var model = pipeline.Fit(data);
        var rows = _ml.Data.CreateEnumerable<JudgedKey>(model.Transform(data), reuseRowObject: false).ToList();
        Assert.All(rows, row => Assert.Equal(row.Score > 0 ? "negative" : "positive", row.PredictedLabel));
        Assert.All(rows, row => Assert.Equal(row.Score > 0, row.Probability > 0.5));

        var keys = Reviews.Pipeline(_ml, options).Fit(data);
        using (keys) Assert.InRange(_ml.BinaryClassification.Evaluate(keys.Transform(data)).AreaUnderRocCurve, 0.9, 1);
    }

    [Fact]
    public void A_binary_model_is_the_same_after_saving_and_loading()
    {
        var data = Opinions(16);
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        using var model = _ml.Transforms.PTuningV2Classify(options).Fit(data);
        _ml.Model.SaveSafely(model, data.Schema, _folder.At("model.zip"));
        var loaded = _ml.Model.Load(_folder.At("model.zip"), out _);
        using var disposed = (IDisposable)loaded;
        Assert.Equal(Probabilities(model), Probabilities(loaded));

        float[] Probabilities(ITransformer transformer) => [.. _ml.Data.CreateEnumerable<Judged>(transformer.Transform(data), reuseRowObject: false).SelectMany(r => new[] { r.Score, r.Probability })];
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_promised_schema_is_the_one_that_the_transformer_gives(bool isBoolean)
    {
        var options = Reviews.Options(_backbone);
        (options.Epochs, options.ProbabilityColumnName) = (1, isBoolean ? null : "P");
        var promised = new ShapeSpy();
        var data = isBoolean ? Opinions(16) : _ml.Data.LoadFromEnumerable(Reviews.Rows(16));
        using var chain = isBoolean ? Chain(_ml.Transforms.PTuningV2Classify(options).Append(promised)) : Chain(Reviews.Pipeline(_ml, options).Append(promised));
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, chain.Transform(data))), ShapeSpy.Described(promised.Seen!));

        TransformerChain<ITransformer> Chain(EstimatorChain<ITransformer> estimator) => estimator.Fit(data);
    }

    [Fact]
    public void A_probability_column_for_more_than_two_classes_is_refused()
    {
        var options = Reviews.Options(_backbone);
        options.ProbabilityColumnName = "Probability";
        string message = Assert.Throws<ArgumentException>(() => Reviews.Train(options, Reviews.Rows(12, classes: 3))).Message;
        Assert.Contains("ProbabilityColumnName is for two classes; the label has 3 (positive, negative, strange)", message);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private IDataView Opinions(int count) => _ml.Data.LoadFromEnumerable(Reviews.Rows(count).Select(r => new Opinion { Text = r.Text!, Label = r.Label == "positive" }));
}
