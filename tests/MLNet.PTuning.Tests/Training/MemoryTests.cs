// However long training and prediction go on, they leave no tensors behind.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Pipeline;
using TorchSharp;

namespace MLNet.PTuning.Tests.Training;

[Collection(AloneCollection.Name)]
public sealed class MemoryTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();

    [Theory]
    [InlineData(nameof(DeepPrompt))]
    [InlineData(nameof(FullFineTuning))]
    [InlineData("Reparameterized")]
    [InlineData(nameof(HeadOnly))]
    public void No_training_step_leaves_a_tensor_behind(string method)
    {
        var kept = new List<long>();
        var options = Reviews.Options(_backbone);
        options.Method = method switch
        {
            nameof(FullFineTuning) => new FullFineTuning(),
            nameof(HeadOnly) => new HeadOnly(),
            "Reparameterized" => new DeepPrompt { Length = 2, Reparameterize = true, EncoderHiddenSize = 8 },
            _ => new DeepPrompt { Length = 2 },
        };
        options.ValidationSet = new Microsoft.ML.MLContext().Data.LoadFromEnumerable(Reviews.Rows(8));
        options.Progress = new AfterStep(() => kept.Add(KeptTensors()));
        Reviews.Train(options, Reviews.Rows(40)).Dispose();
        Assert.Equal(40, kept.Count);
        // In the first epoch the encoder's buffers grow to the size of the largest batch.
        Assert.All(kept[20..], count => Assert.Equal(kept[20], count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Neither_training_nor_predicting_choices_leaves_a_tensor_behind(bool headAlone)
    {
        var kept = new List<long>();
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 40).Select(i => new { Premise = "it was", Choices = i % 2 == 0 ? new[] { "good", "bad" } : ["dull", "fine", "odd"], Label = i % 2 }));
        var options = new MultipleChoiceOptions(_backbone.Path) { Method = headAlone ? new HeadOnly() : new DeepPrompt { Length = 2 }, Pooling = Pooling.Mean, Epochs = 8, BatchSize = 8, ValidationSet = data };
        options.Progress = new AfterStep(() => kept.Add(KeptTensors()));
        using var model = ml.Transforms.PTuningV2Choose(options).Fit(data);
        Assert.Equal(40, kept.Count);
        Assert.All(kept[20..], count => Assert.Equal(kept[20], count));

        Values.Rows(model.Transform(data), "Score");
        long before = KeptTensors();
        for (int i = 0; i < 5; i++) Values.Rows(model.Transform(data), "Score");
        Assert.Equal(before, KeptTensors());
    }

    [Fact]
    public void No_prediction_leaves_a_tensor_behind()
    {
        var rows = Reviews.Rows(40);
        using var model = Reviews.Train(Reviews.Options(_backbone), rows);
        Reviews.Scores(model, rows);
        long before = KeptTensors();
        for (int i = 0; i < 5; i++) Reviews.Scores(model, rows);
        Assert.Equal(before, KeptTensors());
    }

    [Fact]
    public void A_disposed_model_has_disposed_what_it_trained()
    {
        foreach (TuningMethod method in new TuningMethod[] { new DeepPrompt { Reparameterize = true }, new HeadOnly(), new FullFineTuning() })
        {
            var model = TunedModel.Create(FrozenBackbone.Use(_backbone.Path, torch.CPU), method, classes: 2, pools: true, headDropout: null, seed: 1);
            var tensors = model.Parameters.Select(p => p.Value).ToList();
            model.Dispose();
            Assert.All(tensors, t => Assert.True(t.IsInvalid));
        }
    }

    public void Dispose() => _backbone.Dispose();

    // Tensors that no scope disposes: those alive in one, those taken out of one, and those made outside. The one thread that computes counts them.
    private static long KeptTensors() => ComputeThread.Run(() =>
    {
        var counted = DisposeScopeManager.Statistics;
        return counted.ThreadTotalLiveCount + counted.DetachedFromScopeCount + counted.CreatedOutsideScopeCount;
    });

    private sealed class AfterStep(Action action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => action();
    }
}
