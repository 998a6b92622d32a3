// Precision and threads change how a model computes, and nothing else.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

[Collection(AloneCollection.Name)]
public sealed class ComputationTests : IDisposable
{
    private static readonly List<Review> Rows = Reviews.Rows(40);

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_model_in_bfloat16_learns_is_saved_and_predicts_in_bfloat16_again()
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Rows);
        var options = Reviews.Options(_backbone);
        options.Precision = Precision.BFloat16;
        using var model = Reviews.Pipeline(ml, options).Fit(data);
        string path = Path.Combine(_folder.Path, "model.zip");
        ml.Model.SaveSafely(model, data.Schema, path);

        var predicted = Reviews.Predict(model, Rows);
        var loaded = ml.Model.Load(path, out _);
        float[] scores = Reviews.Scores(loaded, Rows);
        (loaded as IDisposable)?.Dispose();

        Assert.Equal(predicted.SelectMany(p => p.Score), scores);
        Assert.True(ml.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy > 0.9);
        // What a prompt trained alike gives in floats is near, but not the same.
        float[] floats = Scores(Precision.Float32, null);
        Assert.NotEqual(floats, scores);
        Assert.All(floats.Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 0.2));
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_predictions_but_for_rounding()
    {
        float[] one = Scores(Precision.Float32, 1), three = Scores(Precision.Float32, 3);
        Assert.All(one.Zip(three), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Fact]
    public void Training_computes_on_the_number_of_threads_in_its_options()
    {
        int usual = ThreadsOfTraining(null);
        Assert.Equal(3, ThreadsOfTraining(3));
        Assert.Equal(usual, ThreadsOfTraining(null));

        int ThreadsOfTraining(int? threads)
        {
            Scores(Precision.Float32, threads);
            return ComputeThread.Run(() => ComputeThread.ThreadCount);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(4097)]
    public void Bfloat16_matrices_have_few_sizes_close_to_those_requested(int seed)
    {
        var random = new Random(seed);
        long[] sizes = [.. Enumerable.Range(0, 10_000).Select(_ => random.NextInt64(1, 8192))];
        Assert.All(sizes, rows => Assert.InRange(Buffers.OfFewSizes(rows), rows, Math.Max(rows + 7, rows * 9 / 8)));
        Assert.InRange(sizes.Select(Buffers.OfFewSizes).Distinct().Count(), 1, 100);
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    private float[] Scores(Precision precision, int? threads)
    {
        var options = Reviews.Options(_backbone);
        (options.Precision, options.Threads) = (precision, threads);
        using var model = Reviews.Train(options, Rows);
        return Reviews.Scores(model, Rows);
    }
}
