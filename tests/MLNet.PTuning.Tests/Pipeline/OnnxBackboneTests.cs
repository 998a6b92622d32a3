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

    public void Dispose() => _folder.Dispose();
}
