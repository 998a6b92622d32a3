// A model whose backbone is in 8 bits: trained over the rounded weights, saved and loaded with its precision, and refused with methods that train inside the layers.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class Int8Tests : IDisposable
{
    private static readonly List<Review> Rows = Reviews.Rows(40);

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();

    public static TheoryData<TuningMethod> Methods() => [new DeepPrompt { Length = 4 }, new DeepPrompt { Length = 4, Reparameterize = true }, new SoftPrompt { Length = 4 }, new HeadOnly()];

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_model_in_int8_is_saved_and_predicts_the_same_bits_when_it_is_loaded(TuningMethod method)
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Rows);
        using var model = Reviews.Pipeline(ml, Options(method)).Fit(data);
        string path = _folder.At("model.zip");
        ml.Model.SaveSafely(model, data.Schema, path);
        float[] predicted = Reviews.Scores(model, Rows);
        Assert.True(IsHeldInInt8());

        model.Dispose();
        Assert.False(IsHeldInInt8());
        var loaded = ml.Model.Load(path, out _);
        float[] scores = Reviews.Scores(loaded, Rows);
        Assert.True(IsHeldInInt8());
        (loaded as IDisposable)?.Dispose();

        Assert.Equal(predicted, scores);
    }

    [Fact]
    public void A_prompt_learns_over_rounded_weights_and_predicts_near_one_that_learned_over_floats()
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Rows);
        using var model = Reviews.Pipeline(ml, Options(new DeepPrompt { Length = 4 })).Fit(data);

        Assert.True(ml.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy > 0.9);
        using var floats = Reviews.Train(Reviews.Options(_backbone), Rows);
        float[] expected = Reviews.Scores(floats, Rows), actual = Reviews.Scores(model, Rows);
        Assert.NotEqual(expected, actual);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 0.2f));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_a_disposed_model_gives_them_again()
    {
        using var first = Reviews.Train(Options(new DeepPrompt { Length = 4 }), Rows);
        using var second = Reviews.Train(Options(new DeepPrompt { Length = 4 }), Rows);
        float[] scores = Reviews.Scores(first, Rows);
        Assert.Equal(scores, Reviews.Scores(second, Rows));
        first.Dispose();
        Assert.Equal(scores, Reviews.Scores(first, Rows));
    }

    [Fact]
    public void A_single_row_has_the_scores_of_its_batch_to_the_bit()
    {
        var ml = new MLContext(seed: 1);
        using var model = Reviews.Train(Options(new DeepPrompt { Length = 4 }), Rows);
        using var engine = ml.Model.CreatePredictionEngine<Review, Predicted>(model);
        Assert.Equal(Reviews.Predict(model, Rows).SelectMany(row => row.Score), Rows.SelectMany(row => engine.Predict(row).Score));
    }

    [Fact]
    public void A_method_that_trains_inside_the_layers_is_refused_with_what_to_do()
    {
        foreach (var method in new TuningMethod[] { new FullFineTuning(), new BitFit(), new BottleneckAdapter() })
        {
            string message = Assert.Throws<ArgumentException>(() => Reviews.Train(Options(method), Rows)).Message;
            Assert.Contains(method.GetType().Name, message);
            Assert.Contains("Precision.Float32", message);
        }
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    private TextClassificationOptions Options(TuningMethod method)
    {
        var options = Reviews.Options(_backbone);
        (options.Method, options.Precision) = (method, Precision.Int8);
        return options;
    }

    // Whether the backbone is loaded in 8 bits by anyone else: a lease of its own would load it.
    private bool IsHeldInInt8()
    {
        torch.Tensor words;
        using (var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU, Precision.Int8)) words = lease.Backbone.Encoder.WordEmbeddings.Values;
        return !words.IsInvalid;
    }
}
