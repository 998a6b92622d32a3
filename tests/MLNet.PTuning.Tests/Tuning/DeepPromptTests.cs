// The deep prompt's parameters: how they begin, which are counted and decayed, and what a saved model holds of them.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tuning;

public sealed class DeepPromptTests : IDisposable
{
    private const int Width = 2 * TinyBackbone.Layers * TinyBackbone.Hidden;

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();

    [Fact]
    public void It_begins_with_a_table_drawn_from_a_normal_distribution()
    {
        using var model = Model(new DeepPrompt { Length = 20, InitialDeviation = 0.5 });
        var table = model.Parameters[0];
        Assert.Equal([20, Width], table.Value.shape);
        float[] values = ParameterFactory.ToArray(table.Value);
        Assert.Equal(0, values.Average(), 0.05);
        Assert.Equal(0.5, Math.Sqrt(values.Average(v => (double)v * v)), 0.05);
    }

    [Theory]
    [InlineData(3)]
    // Twice the text, and beyond the backbone's longest row.
    [InlineData(80)]
    public void From_a_text_it_begins_with_the_backbone_s_keys_and_values_of_its_words_at_every_layer(int length)
    {
        using var model = Model(new DeepPrompt { Length = length, Start = PromptStart.Text, StartText = "good film bad" });
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            var backbone = model.Backbone;
            int[] text = backbone.Tokenizer.Encode("good film bad", null, 10).Ids[1..^1];
            int inRow = Math.Min(length, backbone.Encoder.MaxRowLength(0) - 2);
            int[] ids = [backbone.Tokenizer.Encode("", null, 10).Ids[0], .. Enumerable.Range(0, inRow).Select(i => text[i % 3]), backbone.Tokenizer.Encode("", null, 10).Ids[^1]];
            var hidden = backbone.Encoder.Embed(new PackedBatch(ids, new int[ids.Length], [0, ids.Length]), PromptState.None, null);
            var layout = new AttentionLayout([0, ids.Length], [0, ids.Length], 0, torch.CPU);
            for (int layer = 0; layer < TinyBackbone.Layers; layer++)
            {
                AssertClose($"encoder.layer.{layer}.attention.self.key", 2 * layer);
                AssertClose($"encoder.layer.{layer}.attention.self.value", 2 * layer + 1);
                hidden = backbone.Encoder.Layer(layer, hidden, layout, PromptState.None, null, null);
            }

            void AssertClose(string name, int chunk)
            {
                var expected = torch.nn.functional.linear(hidden, backbone.Weights[name + ".weight"], backbone.Weights[name + ".bias"]).slice(0, 1, 1 + inRow, 1);
                var actual = model.Parameters[0].Value.slice(0, 0, inRow, 1).narrow(1, chunk * TinyBackbone.Hidden, TinyBackbone.Hidden);
                Assert.Equal(0, (expected - actual).abs().max().item<float>(), 1e-6);
            }
        });
        Assert.Equal([length, Width], model.Parameters[0].Value.shape);
    }

    [Fact]
    public void Unless_it_is_told_otherwise_it_begins_with_the_frequent_words_of_the_training_rows()
    {
        Assert.Equal(BeginOf(new DeepPrompt { Length = 3, Start = PromptStart.FrequentWords }), BeginOf(new DeepPrompt { Length = 3 }));
        Assert.NotEqual(BeginOf(new DeepPrompt { Length = 3 }), BeginOf(new DeepPrompt { Length = 3, Start = PromptStart.Random }));
        Assert.Equal(BeginOf(new DeepPrompt { Length = 3, Start = PromptStart.Random }), BeginOf(new DeepPrompt { Length = 3, InitialDeviation = 0.02 }));

        float[] BeginOf(DeepPrompt method)
        {
            using var model = Model(method.For(["good", "bad"], () => [5, 6, 7]));
            return ParameterFactory.ToArray(model.Parameters[0].Value);
        }
    }

    [Fact]
    public void A_deviation_of_random_values_is_refused_where_words_are_asked_for() => Assert.Contains("InitialDeviation",
        Assert.Throws<ArgumentException>(() => new DeepPrompt { Start = PromptStart.FrequentWords, InitialDeviation = 0.1 }.Validate()).Message);

    [Fact]
    public void A_prompt_through_a_network_cannot_begin_with_words() => Assert.Contains("Reparameterize",
        Assert.Throws<ArgumentException>(() => new DeepPrompt { Reparameterize = true, Start = PromptStart.Vocabulary }.Validate()).Message);

    [Fact]
    public void Weights_decay_and_biases_do_not()
    {
        using var model = Model(new DeepPrompt { Reparameterize = true, EncoderHiddenSize = 8 });
        Assert.Equal(7, model.Parameters.Count);
        Assert.All(model.Parameters, p => Assert.Equal(!p.Name.EndsWith(".bias"), p.Decays));
        Assert.All(model.Parameters.Where(p => !p.Decays), p => Assert.All(ParameterFactory.ToArray(p.Value), v => Assert.Equal(0, v)));
    }

    [Fact]
    public void A_saved_reparameterized_prompt_is_its_networks_output_and_predicts_the_same()
    {
        using var model = Model(new DeepPrompt { Length = 5, Reparameterize = true, EncoderHiddenSize = 8, InitialDeviation = 1 });
        using (var stream = File.Create(_folder.At("prompt.safetensors"))) model.Save(stream);
        using var file = WeightFile.Open(_folder.At("prompt.safetensors"));
        Assert.Equal(["classifier.bias", "classifier.weight", PrefixTable.Name], file.Entries.Keys.Order());
        Assert.Equal([5, Width], file.Entries[PrefixTable.Name].Shape);

        using var loaded = TunedModel.Load(Lease(), new DeepPrompt { Length = 5, Reparameterize = true, EncoderHiddenSize = 8 }, 2, pools: true, MLNet.PTuning.Tuning.SavedTensors.Of(file));
        Assert.Equal(Predict(model), Predict(loaded));
        Assert.Equal(5 * Width + 2 * TinyBackbone.Hidden + 2, loaded.TrainedParameters);
    }

    [Fact]
    public void A_saved_tensor_that_is_missing_or_of_another_shape_is_named()
    {
        using var model = Model(new DeepPrompt { Length = 5 });
        using (var stream = File.Create(_folder.At("prompt.safetensors"))) model.Save(stream);
        using var file = WeightFile.Open(_folder.At("prompt.safetensors"));
        var shorter = Assert.Throws<InvalidDataException>(() => TunedModel.Load(Lease(), new DeepPrompt { Length = 4 }, 2, pools: true, MLNet.PTuning.Tuning.SavedTensors.Of(file)));
        Assert.Contains($"[5, {Width}]", shorter.Message);
        Assert.Contains($"[4, {Width}]", shorter.Message);
        Assert.Contains("backbone.", Assert.Throws<InvalidDataException>(() => TunedModel.Load(Lease(), new FullFineTuning(), 2, pools: true, MLNet.PTuning.Tuning.SavedTensors.Of(file))).Message);
    }

    [Fact]
    public void The_prompt_changes_what_is_predicted_and_each_row_alone_decides_its_prediction()
    {
        using var with = Model(new DeepPrompt { Length = 5, InitialDeviation = 1 });
        using var without = Model(new HeadOnly());
        Assert.NotEqual(Predict(with), Predict(without));
        float[] together = Predict(with, "good day", "the film was very dull and so was the book");
        Assert.All(Predict(with, "good day").Zip(together), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void Full_fine_tuning_counts_the_backbone_once()
    {
        using var everything = Model(new FullFineTuning());
        using var head = Model(new HeadOnly());
        Assert.Equal(everything.TotalParameters, everything.TrainedParameters);
        Assert.Equal(everything.TotalParameters, head.TotalParameters);
        Assert.Equal(2 * TinyBackbone.Hidden + 2, head.TrainedParameters);
        foreach (var (one, other) in Predict(head).Zip(Predict(everything))) Assert.Equal(one, other, 1e-6);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private FrozenBackbone.Lease Lease() => FrozenBackbone.Use(_backbone.Path, torch.CPU);

    private TunedModel Model(TuningMethod method) => TunedModel.Create(Lease(), method, classes: 2, pools: true, headDropout: null, seed: 1);

    private static float[] Predict(TunedModel model, params string[] texts)
    {
        if (texts.Length == 0) texts = ["a good day", "awful", ""];
        return [.. model.Predict([.. texts.Select(t => TextClassification.Example(model.Backbone.Tokenizer.Encode(t, null, 20), Example.NoTarget))]).SelectMany(p => p)];
    }
}
