// The same seed gives the same model bit for bit; another seed gives another.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Training;

public sealed class ReproducibilityTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly List<Review> _rows = Reviews.Rows(24);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_same_seed_of_the_context_gives_the_same_weights_bit_for_bit_and_another_gives_others(bool reparameterize)
    {
        byte[] Weights(int seed) => WeightsOf(Train(o => o.Method = new DeepPrompt { Length = 3, Reparameterize = reparameterize, EncoderHiddenSize = 8 }, seed));
        byte[] first = Weights(1);
        Assert.Equal(first, Weights(1));
        Assert.NotEqual(first, Weights(2));
    }

    [Fact]
    public void The_seed_of_the_options_goes_before_that_of_the_context()
    {
        byte[] expected = WeightsOf(Train(_ => { }, contextSeed: 5));
        Assert.Equal(expected, WeightsOf(Train(o => o.Seed = 5, contextSeed: 1)));
        Assert.Equal(expected, WeightsOf(Train(o => o.Seed = 5, contextSeed: null)));
    }

    [Fact]
    public void Without_any_seed_runs_differ_and_the_report_tells_the_seed_that_repeats_one()
    {
        var first = Train(_ => { }, contextSeed: null);
        int seed = first.Report!.Seed;
        byte[] weights = WeightsOf(first);
        Assert.NotEqual(weights, WeightsOf(Train(_ => { }, contextSeed: null)));
        Assert.Equal(weights, WeightsOf(Train(o => o.Seed = seed, contextSeed: null)));
    }

    [Fact]
    public void A_negative_seed_is_a_seed() => Assert.NotEqual(WeightsOf(Train(o => o.Seed = -1, 1)), WeightsOf(Train(o => o.Seed = 1, 1)));

    public void Dispose() => _backbone.Dispose();

    private PTuningClassificationTransformer Train(Action<TextClassificationOptions> set, int? contextSeed)
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 2;
        set(options);
        var ml = new MLContext(contextSeed);
        return Reviews.Pipeline(ml, options).Fit(ml.Data.LoadFromEnumerable(_rows)).LastTransformer;
    }

    // The trained tensors as the model file holds them.
    private static byte[] WeightsOf(PTuningClassificationTransformer model)
    {
        using (model)
        {
            var stream = new MemoryStream();
            new MLContext().Model.Save(model, null, stream);
            using var zip = new System.IO.Compression.ZipArchive(stream);
            var weights = new MemoryStream();
            using var entry = zip.Entries.Single(e => e.Name == "Weights").Open();
            entry.CopyTo(weights);
            return weights.ToArray();
        }
    }
}
