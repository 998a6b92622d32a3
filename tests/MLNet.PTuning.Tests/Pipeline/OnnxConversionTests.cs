// ConvertToOnnx refuses a pipeline that has a step of ours, as it refuses ML.NET's own steps that cannot be converted.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class OnnxConversionTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _log = [];

    public OnnxConversionTests() => _ml.Log += (_, e) => _log.Add($"{e.Kind}: {e.Message}");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_classifier_is_refused_alone_and_with_a_step_after_it(bool hasStepAfter)
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        var data = _ml.Data.LoadFromEnumerable(Reviews.Rows(8).Select(r => new Row { Text = r.Text!, Label = r.Label! }));
        IEstimator<ITransformer> pipeline = Reviews.Pipeline(_ml, options);
        if (hasStepAfter) pipeline = pipeline.Append(_ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel"));
        Refused(pipeline.Fit(data), data);
    }

    [Fact]
    public void A_labeler_is_refused()
    {
        var options = Sentences.Options(_backbone);
        options.Epochs = 1;
        var data = _ml.Data.LoadFromEnumerable(Sentences.Rows(8));
        Refused(Sentences.Pipeline(_ml, options).Fit(data), data);
    }

    public void Dispose() => _backbone.Dispose();

    private void Refused(ITransformer model, IDataView data)
    {
        using var stream = new MemoryStream();
        using (model as IDisposable)
            Assert.Contains("can not be fully converted", Assert.Throws<InvalidOperationException>(() => _ml.Model.ConvertToOnnx(model, data, stream)).Message);
        Assert.Equal(0, stream.Length);
        Assert.Contains(_log, line => line.StartsWith("Warning") && line.Contains("cannot save itself as ONNX"));
    }

    // Columns of types that ONNX has.
    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
