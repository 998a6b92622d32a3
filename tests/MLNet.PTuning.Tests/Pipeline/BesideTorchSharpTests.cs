// ML.NET's own deep learning (Microsoft.ML.TorchSharp) and this library in one app.
using MLNet.PTuning.Tests.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class BesideTorchSharpTests
{
    [Fact]
    public void An_app_with_both_trains_with_this_library_and_makes_the_others_trainers_on_one_TorchSharp()
    {
        using var backbone = new TinyBackbone();
        Assert.Equal(
            [
                "MLNet.PTuning.PTuningClassificationTransformer predicts 8 rows",
                "Microsoft.ML.TorchSharp.NasBert.TextClassificationTrainer",
                "Microsoft.ML.TorchSharp.NasBert.NerTrainer",
                $"TorchSharp {typeof(torch).Assembly.GetName().Version}",
                "sum 6",
            ],
            OtherProcess.RunApp("BesideTorchSharp", backbone.Path));
    }
}
