// Each tuning method in a pipeline: it learns, is saved and loaded, classifies and labels words; unsupported methods and verbalizers are errors.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class MethodsTests : IDisposable
{
    private static readonly Dictionary<string, (TuningMethod Method, double Rate)> Methods = new()
    {
        [nameof(DeepPrompt)] = (new DeepPrompt { Length = 4 }, 0.05),
        ["DeepPrompt from frequent words"] = (new DeepPrompt { Length = 4, Start = PromptStart.FrequentWords }, 0.05),
        [nameof(PrefixTuning)] = (new PrefixTuning { Length = 4, EncoderHiddenSize = 16 }, 0.02),
        [nameof(SoftPrompt)] = (new SoftPrompt { Length = 4, Start = PromptStart.ClassNames }, 0.1),
        ["PTuningV1 with an LSTM"] = (new PTuningV1(), 0.02),
        ["PTuningV1 with an MLP"] = (new PTuningV1 { Encoder = PromptEncoderKind.Mlp }, 0.02),
        [nameof(HardPrompt)] = (new HardPrompt { Template = "{text} it was {mask}" }, 0.005),
        [nameof(BottleneckAdapter)] = (new BottleneckAdapter { Size = 8 }, 0.02),
        [nameof(BitFit)] = (new BitFit(), 0.05),
        [nameof(HeadOnly)] = (new HeadOnly(), 0.05),
        [nameof(FullFineTuning)] = (new FullFineTuning(), 0.005),
    };

    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();
    private readonly List<Review> _rows = Reviews.Rows(48);

    public static TheoryData<string> All => [.. Methods.Keys];

    [Theory]
    [MemberData(nameof(All))]
    public void Training_lowers_the_loss_and_a_saved_model_predicts_the_same(string name)
    {
        using var model = Reviews.Train(Options(name), _rows);
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss * 0.95, $"{model.Report.Epochs[0].TrainingLoss} → {model.Report.Epochs[^1].TrainingLoss}");
        AssertSavesAndLoads(model);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Words_are_labeled_with_any_method(string name)
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 12).Select(i => new Sentence
        {
            Words = i % 2 == 0 ? ["the", "good", "film"] : ["a", "very", "bad", "book"],
            Label = i % 2 == 0 ? ["O", "B-x", "O"] : ["O", "O", "B-y", "O"],
        }));
        var options = new TokenLabelingOptions(_backbone.Path) { Method = Methods[name].Method, LearningRate = Methods[name].Rate, Epochs = 3, BatchSize = 4 };
        using var model = ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2LabelTokens(options)).Fit(data).LastTransformer;
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss);
        var labeled = ml.Data.CreateEnumerable<Labeled>(model.Transform(data), reuseRowObject: false).First();
        Assert.Equal(3, labeled.PredictedLabel.Length);
    }

    [Theory]
    [InlineData(nameof(DeepPrompt))]
    [InlineData(nameof(SoftPrompt))]
    [InlineData("PTuningV1 with an LSTM")]
    [InlineData(nameof(HardPrompt))]
    public void A_verbalizer_replaces_the_head(string name)
    {
        GiveMaskedWordHead();
        var options = Options(name);
        options.Verbalizer = new Verbalizer { Words = { ["positive"] = ["good", "great"], ["negative"] = ["very bad"] } };
        using var model = Reviews.Train(options, _rows);
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss);
        AssertSavesAndLoads(model);
    }

    [Fact]
    public void Labeling_refuses_a_verbalizer_with_the_reason()
    {
        var options = new TokenLabelingOptions(_backbone.Path) { Verbalizer = new Verbalizer() };
        Assert.Contains("incompatible", Assert.Throws<ArgumentException>(() => new MLContext().Transforms.PTuningV2LabelTokens(options)).Message);
    }

    [Fact]
    public void A_verbalizer_that_cannot_work_is_refused_with_the_reason()
    {
        // No masked-word head in the checkpoint.
        Refused<NotSupportedException>(new DeepPrompt { Length = 4 }, new Verbalizer { Words = { ["positive"] = ["good"], ["negative"] = ["bad"] } }, "no masked-word head");
        GiveMaskedWordHead();
        Refused<ArgumentException>(new DeepPrompt { Length = 4 }, new Verbalizer(), "'negative' and 'positive'", "same word pieces");
        Refused<ArgumentException>(new DeepPrompt { Length = 4 }, new Verbalizer { Words = { ["nice"] = ["good"] } }, "'nice'", "positive, negative");
        Refused<ArgumentException>(new HeadOnly(), new Verbalizer { Words = { ["positive"] = ["good"], ["negative"] = ["bad"] } }, nameof(HeadOnly));
        Refused<ArgumentException>(new DeepPrompt { Length = 4 }, new Verbalizer { Words = { ["positive"] = [] } }, "'positive'", "no words");
        Refused<ArgumentException>(new DeepPrompt { Length = 4 }, new Verbalizer { Template = "{text} {prompt:2} {mask}" }, "prompt vectors");

        void Refused<TException>(TuningMethod method, Verbalizer verbalizer, params string[] named) where TException : Exception
        {
            var options = Options(nameof(DeepPrompt));
            (options.Method, options.Verbalizer) = (method, verbalizer);
            var error = Assert.Throws<TException>(() => Reviews.Train(options, _rows));
            Assert.All(named, n => Assert.Contains(n, error.Message));
        }
    }

    [Fact]
    public void Settings_that_make_no_method_are_refused()
    {
        TuningMethod[] wrong = [
            new PrefixTuning { Length = 0 }, new PrefixTuning { EncoderHiddenSize = 0 }, new PrefixTuning { Dropout = 1 }, new SoftPrompt { Length = 0 },
            new SoftPrompt { Start = PromptStart.Text }, new SoftPrompt { InitialDeviation = 0 }, new BottleneckAdapter { Size = 0 },
            new BottleneckAdapter { InitialDeviation = -1 }, new PTuningV1 { Template = "{text}" }, new PTuningV1 { EncoderHiddenSize = 0 },
            new HardPrompt { Template = "{prompt:2} {text}" }, new HardPrompt { Template = "{text} so", Trains = new PTuningV1() }];
        Assert.All(wrong, method => Assert.ThrowsAny<ArgumentException>(method.Validate));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private TextClassificationOptions Options(string name)
    {
        var options = Reviews.Options(_backbone);
        (options.Method, options.LearningRate) = Methods[name];
        return options;
    }

    private void AssertSavesAndLoads(PTuningClassificationTransformer model)
    {
        var ml = new MLContext();
        ml.Model.Save(model, null, _folder.At("model.zip"));
        var loaded = ml.Model.Load(_folder.At("model.zip"), out _);
        float[] scores = Reviews.Scores(model, _rows);
        using (loaded as IDisposable) Assert.Equal(scores, Reviews.Scores(loaded, _rows));
        // A disposed model that is used again is made from the same.
        model.Dispose();
        Assert.Equal(scores, Reviews.Scores(model, _rows));
    }

    // The tiny backbone with a head of masked-language training of random weights.
    private void GiveMaskedWordHead()
    {
        var random = new Random(3);
        const int h = TinyBackbone.Hidden;
        _backbone.AddWeights([
            ("cls.predictions.transform.dense.weight", [h, h]), ("cls.predictions.transform.dense.bias", [h]),
            ("cls.predictions.transform.LayerNorm.weight", [h]), ("cls.predictions.transform.LayerNorm.bias", [h]),
            ("cls.predictions.bias", [TinyBackbone.Vocabulary.Length])], _ => (float)random.NextDouble() - 0.5f);
    }

    private sealed class Sentence
    {
        public string[] Words { get; set; } = [];
        public string[] Label { get; set; } = [];
    }

    private sealed class Labeled
    {
        public uint[] PredictedLabel { get; set; } = [];
    }
}
