// The head that reads the mean over a row's tokens: its values, its gradient through both ways of computing the encoder, and what it is for users.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tasks;

public sealed class PoolingTests : IDisposable
{
    private static readonly string[] Texts = ["good", "the film was very good and we saw it", "a dull day", "odd"];

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Logits_and_the_prompts_gradient_are_those_of_the_mean_under_autograd()
    {
        using var model = Model(new DeepPrompt { Length = 3, Dropout = 0 });
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            var batch = Batch.Of(Examples(model));
            var targets = torch.tensor(new long[] { 0, 1, 1, 0 });
            var logits = model.Logits(batch, null);
            Assert.Equal([4, 2], logits.shape);
            model.Backward(torch.nn.functional.cross_entropy(logits, targets));
            var packed = model.Parameters.Select(p => (p.Name, Gradient: ParameterFactory.ToArray(p.Value.grad!))).ToList();
            foreach (var parameter in model.Parameters) parameter.Value.grad = null;

            // By definition: all hidden states through autograd, the mean of each row, one linear layer.
            var hidden = model.Backbone.Encoder.Forward(batch.Rows, [.. Enumerable.Range(0, batch.Rows.Ids.Length)], model.State(), null);
            var means = torch.stack(Enumerable.Range(0, 4).Select(row => hidden.slice(0, batch.Rows.RowStarts[row], batch.Rows.RowStarts[row + 1], 1).mean([0])));
            var expected = torch.nn.functional.linear(means, Value(LinearHead.Weight), Value(LinearHead.Bias));
            torch.nn.functional.cross_entropy(expected, targets).backward();
            Assert.All(ParameterFactory.ToArray(expected).Zip(ParameterFactory.ToArray(logits)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            foreach (var (name, gradient) in packed)
                Assert.All(ParameterFactory.ToArray(model.Parameters.Single(p => p.Name == name).Value.grad!).Zip(gradient), pair => Assert.Equal(pair.First, pair.Second, 1e-5));

            torch.Tensor Value(string name) => model.Parameters.Single(p => p.Name == name).Value;
        });
    }

    [Fact]
    public void A_row_s_probabilities_are_the_same_alone_and_among_others()
    {
        using var model = Model(new DeepPrompt { Length = 3 });
        var examples = Examples(model);
        float[][] together = model.Predict(examples);
        for (int i = 0; i < examples.Count; i++) Assert.Equal(together[i], model.Predict([examples[i]])[0]);
    }

    [Fact]
    public void Prompt_vectors_are_no_tokens()
    {
        var example = TextClassification.Example(new([-1, -2, 101, 7, -3, 102], [0, 0, 0, 0, 0, 0], 3..4, 0..0), 1, pooling: Pooling.Mean);
        Assert.Equal([2, 3, 5], example.ReadPositions);
        Assert.Equal([1], example.Targets);
    }

    public static TheoryData<TuningMethod> Methods =>
        [new DeepPrompt { Length = 4 }, new SoftPrompt { Length = 4 }, new PTuningV1(), new BottleneckAdapter { Size = 4 }, new BitFit(), new HeadOnly(), new FullFineTuning()];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_method_learns_with_it_and_is_the_same_after_loading(TuningMethod method)
    {
        var options = Reviews.Options(_backbone);
        (options.Pooling, options.Method, options.LearningRate) = (Pooling.Mean, method, method is FullFineTuning ? 0.01 : 0.05);
        var rows = Reviews.Rows(40);
        using var model = Reviews.Train(options, rows);
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss);
        _ml.Model.SaveSafely(model, null, _folder.At("model.zip"));
        var loaded = _ml.Model.Load(_folder.At("model.zip"), out _);
        using var disposable = (IDisposable)loaded;
        Assert.Equal(Reviews.Scores(model, rows), Reviews.Scores(loaded, rows));
        // Reloaded after it was disposed, too.
        float[] scores = Reviews.Scores(model, rows);
        model.Dispose();
        Assert.Equal(scores, Reviews.Scores(model, rows));
    }

    [Fact]
    public void What_says_itself_what_is_read_is_refused()
    {
        Refused("masked word", o => o.Verbalizer = new Verbalizer());
        Refused("PoolsFirstVector", o => o.Method = new SoftPrompt { PoolsFirstVector = true });

        void Refused(string message, Action<TextClassificationOptions> set)
        {
            var options = new TextClassificationOptions("folder") { Pooling = Pooling.Mean };
            set(options);
            Assert.Contains(message, Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2Classify(options)).Message);
        }
    }

    [Fact]
    public void PEFT_has_no_form_for_it_but_its_prompt_is_a_start()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        using var first = Reviews.Train(options, Reviews.Rows(16));
        PeftFolder.Save(first, _folder.At("peft"));
        Assert.Contains("Pooling", Assert.Throws<ArgumentException>(() =>
            _ml.Transforms.PTuningV2ClassifyFromPeft(new TextClassificationOptions(_backbone.Path) { StartFrom = PeftFolder.Load(_folder.At("peft")), Pooling = Pooling.Mean })).Message);

        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        (options.Pooling, options.Method, options.StartFrom) = (Pooling.Mean, first.Method, PeftFolder.Load(_folder.At("peft")));
        using var mean = Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(Reviews.Rows(16)));
        Assert.Contains(warnings, w => w.Contains("was trained to read the first token"));
        Assert.Contains("mean over tokens", Assert.Throws<NotSupportedException>(() => PeftFolder.Save(mean, _folder.At("other"))).Message);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private TunedModel Model(TuningMethod method) =>
        TunedModel.Create(FrozenBackbone.Use(_backbone.Path, torch.CPU), method, classes: 2, pools: false, headDropout: 0, seed: 1);

    private static List<Example> Examples(TunedModel model) =>
        [.. Texts.Select((text, i) => TextClassification.Example(model.Backbone.Tokenizer.Encode(text, null, 20), i % 2, pooling: Pooling.Mean))];
}
