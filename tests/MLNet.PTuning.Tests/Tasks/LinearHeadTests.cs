// The classification head goes through the backbone's pooler, or trains and saves one of its own where the backbone has none.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tasks;

public sealed class LinearHeadTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData(true, true, new[] { "classifier.weight", "classifier.bias" })]
    [InlineData(false, true, new[] { "classifier.weight", "classifier.bias", "pooler.dense.weight", "pooler.dense.bias" })]
    [InlineData(false, false, new[] { "classifier.weight", "classifier.bias" })]
    public void It_has_a_pooler_of_its_own_only_where_it_pools_and_the_backbone_has_none(bool hasPooler, bool pools, string[] parameters)
    {
        using var backbone = new TinyBackbone(hasPooler: hasPooler);
        using var model = TunedModel.Create(FrozenBackbone.Use(backbone.Path, torch.CPU), new HeadOnly(), classes: 3, pools, headDropout: null, seed: 1);
        Assert.Equal(parameters, model.Parameters.Select(p => p.Name));
        using (var stream = File.Create(_folder.At("head.safetensors"))) model.Save(stream);
        using var file = WeightFile.Open(_folder.At("head.safetensors"));
        Assert.Equal(parameters.Order(), file.Entries.Keys.Order());
    }

    [Fact]
    public void A_pooler_of_its_own_is_trained()
    {
        using var backbone = new TinyBackbone(hasPooler: false);
        var options = Reviews.Options(backbone);
        var rows = Reviews.Rows(40);
        using var model = Reviews.Train(options, rows);
        double right = rows.Zip(Reviews.Predict(model, rows)).Average(p => p.First.Label == model.ClassNames[(int)p.Second.PredictedLabel - 1] ? 1.0 : 0.0);
        Assert.True(right >= 0.9, $"{right:p0} of the training rows are right");
        Assert.Equal(4 * 2 * 2 * 16 + 2 * 16 + 2 + 16 * 16 + 16, model.Report!.TrainedParameters);
    }

    [Fact]
    public void Dropout_is_for_training_alone()
    {
        using var backbone = new TinyBackbone();
        using var model = TunedModel.Create(FrozenBackbone.Use(backbone.Path, torch.CPU), new HeadOnly(), classes: 2, pools: true, headDropout: 0.5, seed: 1);
        var batch = Batch.Of([TextClassification.Example(model.Backbone.Tokenizer.Encode("a good day", null, 20), 0)]);
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var dropout = new Dropout(1, torch.CPU, inBackbone: true);
            float[] Logits(Dropout? masks) => model.Logits(batch, masks).detach().data<float>().ToArray();
            dropout.StartStep(1);
            float[] first = Logits(dropout), second = Logits(dropout);
            Assert.NotEqual(first, second);
            dropout.StartStep(1);
            Assert.Equal(first, Logits(dropout));
            Assert.Equal(Logits(null), Logits(null));
        });
    }

    [Fact]
    public void Of_no_rows_nothing_is_predicted()
    {
        using var backbone = new TinyBackbone();
        using var model = TunedModel.Create(FrozenBackbone.Use(backbone.Path, torch.CPU), new HeadOnly(), classes: 2, pools: true, headDropout: null, seed: 1);
        Assert.Empty(model.Predict([]));
    }

    public void Dispose() => _folder.Dispose();
}
