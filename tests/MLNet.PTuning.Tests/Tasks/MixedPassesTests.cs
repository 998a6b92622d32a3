// Rows of several tasks in the same passes: each has the scores that its own model gives it, to the bit.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tasks;

public sealed class MixedPassesTests : IDisposable
{
    private static readonly string[] Texts = ["good", "the film was very good and we saw it", "a dull day", "odd", "it was so awful", ""];

    private readonly TinyBackbone _backbone = new();
    private readonly List<TunedModel> _models = [];

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.Int8)]
    public void Every_row_has_the_scores_that_it_has_alone(Precision precision)
    {
        // Prompts of different lengths, of a single row, at the input, none at all; heads of several classes that read one token or all.
        TunedModel[] models = [Model(new DeepPrompt { Length = 7 }, 2, precision), Model(new DeepPrompt { Length = 1 }, 5, precision), Model(new SoftPrompt { Length = 3 }, 3, precision), Model(new HeadOnly(), 2, precision), Model(new DeepPrompt { Length = 4 }, 4, precision)];
        Assert.All(models, model => Assert.True(model.Backbone.Encoder.Mixes(model.State())));
        var random = new Random(1);
        for (int round = 0; round < 20; round++)
        {
            var together = models.Select((model, i) => (model, (IReadOnlyList<Example>)[.. Enumerable.Range(0, random.Next(round % 4 == 0 ? 40 : 4)).Select(_ => Row(model, random, readsAll: i == 4))])).Where(m => m.Item2.Count > 0).ToList();
            float[][][] predicted = MixedPasses.Predict(together);
            foreach (var ((model, examples), scores) in together.Zip(predicted))
            {
                Assert.Equal(model.Predict(examples), scores);
                Assert.Equal(examples.Select(example => model.Predict([example])[0]), scores);
            }
        }
    }

    [Fact]
    public void Models_that_train_inside_the_layers_or_compute_otherwise_are_predicted_beside_the_others()
    {
        TunedModel[] models = [Model(new DeepPrompt { Length = 3 }, 2), Model(new BottleneckAdapter { Size = 2 }, 2), Model(new BitFit(), 3), Model(new DeepPrompt { Length = 2 }, 2, Precision.BFloat16), Model(new DeepPrompt { Length = 5 }, 3)];
        var random = new Random(2);
        var together = models.Select(model => (model, (IReadOnlyList<Example>)[Row(model, random, readsAll: false), Row(model, random, readsAll: false)])).ToList();
        float[][][] predicted = MixedPasses.Predict(together);
        foreach (var ((model, examples), scores) in together.Zip(predicted)) Assert.Equal(model.Predict(examples), scores, (a, b) => a.Zip(b).All(x => Math.Abs(x.First - x.Second) < 1e-6));
    }

    [Fact]
    public void Rows_beyond_one_pass_are_computed_in_several()
    {
        TunedModel[] models = [Model(new DeepPrompt { Length = 3 }, 2), Model(new DeepPrompt { Length = 5 }, 3)];
        var random = new Random(3);
        var together = models.Select(model => (model, (IReadOnlyList<Example>)[.. Enumerable.Range(0, 600).Select(_ => Row(model, random, readsAll: false))])).ToList();
        Assert.True(together.Sum(m => m.Item2.Sum(e => e.Ids.Length)) > 2 * 4096);
        foreach (var ((model, examples), scores) in together.Zip(MixedPasses.Predict(together))) Assert.Equal(model.Predict(examples), scores);
    }

    [Fact]
    public void A_model_that_was_disposed_is_an_error()
    {
        TunedModel first = Model(new DeepPrompt { Length = 3 }, 2), second = Model(new DeepPrompt { Length = 5 }, 3);
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => MixedPasses.Predict([(first, [Row(first, new Random(1), false)]), (second, [Row(first, new Random(1), false)])]));
    }

    public void Dispose()
    {
        foreach (var model in _models) model.Dispose();
        _backbone.Dispose();
    }

    private TunedModel Model(TuningMethod method, int classes, Precision precision = Precision.Float32)
    {
        var model = TunedModel.Create(FrozenBackbone.Use(_backbone.Path, torch.CPU, precision), method, classes, pools: classes < 4, headDropout: 0, seed: 10 + _models.Count);
        model.Computation = new Computation(precision, 2);
        _models.Add(model);
        return model;
    }

    private static Example Row(TunedModel model, Random random, bool readsAll)
    {
        var tokenizer = model.Backbone.Tokenizer;
        string text = string.Join(' ', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Texts[random.Next(Texts.Length)]));
        var row = tokenizer.Encode(text, random.Next(2) == 0 ? null : Texts[random.Next(Texts.Length)], 60);
        int vectors = model.State().Vectors is { } prompt ? (int)prompt.shape[0] : 0;
        int[] ids = [row.Ids[0], .. Enumerable.Range(0, vectors).Select(j => -1 - j), .. row.Ids[1..]], types = [.. new int[vectors], .. row.Types];
        return new Example(ids, types, readsAll ? [.. Enumerable.Range(0, ids.Length)] : Example.FirstToken, readsAll ? [.. Enumerable.Repeat(Example.NoTarget, ids.Length)] : [Example.NoTarget]);
    }
}
