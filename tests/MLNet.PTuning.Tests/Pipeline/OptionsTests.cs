// An option out of its range is refused when the estimator is made, by its name.
using Microsoft.ML;

namespace MLNet.PTuning.Tests.Pipeline;

public class OptionsTests
{
    public static TheoryData<string, Action<TextClassificationOptions>> OutOfRange => new()
    {
        { "Epochs", o => o.Epochs = 0 },
        { "BatchSize", o => o.BatchSize = 0 },
        { "LearningRate", o => o.LearningRate = 0 },
        { "LearningRate", o => o.LearningRate = double.NaN },
        { "WarmupRatio", o => o.WarmupRatio = 1 },
        { "WarmupRatio", o => o.WarmupRatio = -0.1 },
        { "WeightDecay", o => o.WeightDecay = -1 },
        { "ClipNorm", o => o.ClipNorm = 0 },
        { "HeadDropout", o => o.HeadDropout = 1 },
        { "Patience", o => o.Patience = 0 },
        { "ClassWeights", o => o.ClassWeights = [1, 0] },
        { "PredictionBatchSize", o => o.PredictionBatchSize = 0 },
        { "MaxSequenceLength", o => o.MaxSequenceLength = 2 },
        { "Schedule", o => o.Schedule = (LearningRateSchedule)17 },
        { "Precision", o => o.Precision = (Precision)17 },
        { "Threads", o => o.Threads = 0 },
        { "Length", o => o.Method = new DeepPrompt { Length = 0 } },
        { "Dropout", o => o.Method = new DeepPrompt { Dropout = 1 } },
        { "InitialDeviation", o => o.Method = new DeepPrompt { InitialDeviation = 0 } },
        { "EncoderHiddenSize", o => o.Method = new DeepPrompt { EncoderHiddenSize = 0 } },
    };

    [Theory]
    [MemberData(nameof(OutOfRange), DisableDiscoveryEnumeration = true)]
    public void An_option_out_of_range_is_refused_by_name(string name, Action<TextClassificationOptions> set)
    {
        var options = new TextClassificationOptions("folder");
        set(options);
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => new MLContext().Transforms.PTuningV2Classify(options)).ParamName);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(null)]
    public void No_backbone_folder_is_refused(string? folder) => Assert.ThrowsAny<ArgumentException>(() => new MLContext().Transforms.PTuningV2Classify(folder!));
}
