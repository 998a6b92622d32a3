// Prompts are trained on the ONNX models that .NET users have, and saved models bring these along.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class OnnxBackboneTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData(RealBackbones.MiniLm)]
    [InlineData(RealBackbones.Arctic)]
    public void PTuningV2Classify_learns_on_a_published_ONNX_model(string name)
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Reviews.Rows(24));
        var pipeline = ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.Transforms.PTuningV2Classify(RealBackbones.Folder(name), promptLength: 4));
        var model = pipeline.Fit(data);
        using (model as IDisposable)
            Assert.InRange(ml.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy, 0.75, 1);
    }

    [Theory]
    [InlineData("model.onnx", ElementForm.Raw)]
    [InlineData("model.onnx", ElementForm.External)]
    [InlineData("onnx/model.onnx", ElementForm.External)]
    public void An_embedded_ONNX_model_needs_no_folder(string name, ElementForm elements)
    {
        var rows = Reviews.Rows(8);
        var ml = new MLContext(seed: 1) { TempFilePath = _folder.Path };
        float[] expected;
        using (var backbone = new TinyBackbone(seed: 4))
        {
            var options = Reviews.Options(backbone);
            (options.EmbedBackbone, options.Epochs) = (true, 1);
            using (var trained = Reviews.Train(options, rows)) expected = Reviews.Scores(trained, rows);
            backbone.ToOnnx(name, elements);
            using (var trained = Reviews.Train(options, rows))
            {
                Assert.Equal(expected, Reviews.Scores(trained, rows));
                ml.Model.Save(trained, null, _folder.At("model.zip"));
            }
        }
        var loaded = ml.Model.Load(_folder.At("model.zip"), out _);
        using (loaded as IDisposable) Assert.Equal(expected, Reviews.Scores(loaded, rows));
        Assert.True(File.Exists(Path.Combine(Directory.GetDirectories(_folder.At("MLNet.PTuning")).Single(), name)));
    }

    public void Dispose() => _folder.Dispose();
}
