// Verbalizers on decoders: the next token at the end of a template is scored by the decoder's own head.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class DecoderVerbalizerTests : IDisposable
{
    private readonly TinyDecoder _backbone = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Classes_are_scored_by_their_words_as_the_token_after_the_template(bool hasOwnHead)
    {
        if (hasOwnHead) _backbone.AddHead(factor: 2);
        using var model = Train("{text} it was {mask} day", new DeepPrompt { Length = 4 });
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss);
        Assert.DoesNotContain(model.Model.Parameters, p => p.IsHeads);
        float[] scores = Reviews.Scores(model, [new Review { Text = "the film" }]);

        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        // [CLS] the film it was; words and special tokens after the mask are not read.
        int[] ids = [2, .. new[] { "the", "film", "it", "was" }.Select(word => Array.IndexOf(TinyBackbone.Vocabulary, word))];
        var encoder = model.Model.Backbone.Encoder;
        var hidden = encoder.Forward(new PackedBatch(ids, new int[ids.Length], [0, ids.Length]), [ids.Length - 1], model.Model.State(), null);
        long[] words = [.. model.ClassNames.Select(name => (long)Array.IndexOf(TinyBackbone.Vocabulary, name == "positive" ? "good" : "bad"))];
        var expected = torch.nn.functional.linear(hidden, encoder.WordEmbeddings.Rows(words)).Times(hasOwnHead ? 2 : 1).softmax(1);
        Assert.All(ParameterFactory.ToArray(expected).Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void A_template_whose_mask_is_not_last_is_refused_and_P_Tunings_own_has_it_last()
    {
        Assert.Contains("has {text} after {mask}", Assert.Throws<ArgumentException>(() => Train("it was {mask} {text}", new DeepPrompt { Length = 4 })).Message);
        Assert.Contains("has {prompt} after {mask}", Assert.Throws<ArgumentException>(() => Train("{text}", new PTuningV1 { Template = "{text} {mask} {prompt:2}" })).Message);
        using var model = Train("{text}", new PTuningV1());
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss);
    }

    public void Dispose() => _backbone.Dispose();

    private PTuningClassificationTransformer Train(string template, TuningMethod method) => Reviews.Train(new TextClassificationOptions(_backbone.Path)
    {
        Method = method, Epochs = 4, LearningRate = 0.05, BatchSize = 8,
        Verbalizer = new Verbalizer { Template = template, Words = { ["positive"] = ["good"], ["negative"] = ["bad"] } },
    }, Reviews.Rows(32));
}
