// A backbone is loaded once for all that use it, stays as it is, and is released by the last.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class SharedBackboneTests : IDisposable
{
    private readonly TinyBackbone _folder = new();
    private readonly List<Review> _rows = Reviews.Rows(8);

    [Fact]
    public void Everyone_who_names_a_folder_gets_the_same_backbone()
    {
        using var first = FrozenBackbone.Use(_folder.Path, torch.CPU);
        using var second = FrozenBackbone.Use(Path.Combine(_folder.Path, "..", Path.GetFileName(_folder.Path)) + "/", torch.CPU);
        Assert.Same(first.Backbone, second.Backbone);
    }

    [Fact]
    public void Its_tensors_are_disposed_with_the_last_of_the_models_that_share_it()
    {
        var first = Reviews.Train(Options(), _rows);
        using var temporary = new TempFolder();
        var ml = new MLContext();
        ml.Model.Save(first, null, temporary.At("model.zip"));
        var second = (IDisposable)ml.Model.Load(temporary.At("model.zip"), out _);
        var weights = Weights();
        Assert.All(weights, w => Assert.False(w.IsInvalid));
        first.Dispose();
        Assert.All(weights, w => Assert.False(w.IsInvalid));
        second.Dispose();
        Assert.All(weights, w => Assert.True(w.IsInvalid));
    }

    [Fact]
    public void A_model_that_is_forgotten_gives_it_back_when_it_is_collected()
    {
        TrainAndForget();
        // The thread that computes may still know the last piece of work.
        ComputeThread.Run(() => { });
        for (int i = 0; i < 20 && Weights().Any(w => !w.IsInvalid); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.All(Weights(), w => Assert.True(w.IsInvalid));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void TrainAndForget() => Reviews.Train(Options(), _rows);
    }

    [Fact]
    public void Training_that_fails_gives_the_backbone_back()
    {
        using (var lease = FrozenBackbone.Use(_folder.Path, torch.CPU))
        {
            var options = Options();
            options.LearningRate = 1e30;
            Assert.Throws<InvalidOperationException>(() => Reviews.Train(options, _rows));
            Assert.Throws<ArgumentException>(() => Reviews.Train(Options(), Reviews.Rows(4, classes: 1)));
        }
        // Had the failed runs kept it, the folder's backbone would still be the one from before.
        var before = Weights();
        Assert.All(before, w => Assert.True(w.IsInvalid));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Training_leaves_the_frozen_weights_as_they_are(bool everything)
    {
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        var options = Options();
        if (everything) options.Method = new FullFineTuning();
        Reviews.Train(options, _rows).Dispose();
        using var file = WeightFile.Open(_folder.At("model.safetensors"));
        Assert.All(lease.Backbone.Weights, w => Assert.Equal(file.ReadFloats(w.Key), w.Value.data<float>().ToArray()));
        Assert.All(lease.Backbone.Weights.Values, w => Assert.False(w.requires_grad));
    }

    [Fact]
    public void A_folder_whose_files_changed_is_loaded_again_beside_the_older_one()
    {
        using var older = FrozenBackbone.Use(_folder.Path, torch.CPU);
        _folder.ChangeWeights(t => t.Name.EndsWith("query.bias") ? new TensorData(t.Name, t.Shape, Enumerable.Repeat(1f, TinyBackbone.Hidden).ToArray()) : t);
        File.SetLastWriteTimeUtc(_folder.At("model.safetensors"), DateTime.UtcNow.AddMinutes(1));
        using var newer = FrozenBackbone.Use(_folder.Path, torch.CPU);
        Assert.NotSame(older.Backbone, newer.Backbone);
        Assert.NotEqual(older.Backbone.ContentHash, newer.Backbone.ContentHash);
        Assert.Equal(1, newer.Backbone.Weights["encoder.layer.0.attention.self.query.bias"][0].item<float>());
        Assert.Equal(0, older.Backbone.Weights["encoder.layer.0.attention.self.query.bias"][0].item<float>());
    }

    [Fact]
    public async Task Models_that_train_at_once_on_one_backbone_do_not_disturb_each_other()
    {
        using var alone = Reviews.Train(Options(), _rows);
        var scores = Reviews.Scores(alone, _rows);
        var together = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            using var model = Reviews.Train(Options(), _rows);
            return Reviews.Scores(model, _rows);
        })));
        Assert.All(together, s => Assert.Equal(scores, s));
    }

    public void Dispose() => _folder.Dispose();

    private TextClassificationOptions Options()
    {
        var options = Reviews.Options(_folder);
        options.Epochs = 2;
        return options;
    }

    // The tensors of the loaded backbone; looking at them takes no part in keeping them.
    private torch.Tensor[] Weights()
    {
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        return [.. lease.Backbone.Weights.Values];
    }
}
