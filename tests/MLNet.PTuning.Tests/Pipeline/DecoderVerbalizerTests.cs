// Verbalizers on decoders: the next token at the end of a template is scored by the decoder's own head.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
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

    [Fact]
    public void A_word_whose_blank_is_a_piece_of_its_own_counts_by_the_piece_after_it()
    {
        File.Delete(_backbone.At("vocab.txt"));
        File.WriteAllText(_backbone.At("tokenizer.json"), """
            {"added_tokens": [{"id": 0, "content": "<unk>", "special": true}], "normalizer": null, "post_processor": null, "decoder": null,
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
             "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["▁", -1], ["好", -2], ["差", -2], ["▁good", -2], ["▁it", -2], ["▁was", -2]]}}
            """);
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var head = new VerbalizerHead(lease.Backbone, [["好"], ["差"], ["good"]]);
        var hidden = torch.ones(1, lease.Backbone.Config.HiddenSize);
        float[] expected = ParameterFactory.ToArray(lease.Backbone.Encoder.WordEmbeddings.Rows([2, 3, 4]).sum(1));
        Assert.All(expected.Zip(ParameterFactory.ToArray(head.Logits(hidden, lease.Backbone.Encoder, null, 0))), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    public void Dispose() => _backbone.Dispose();

    private PTuningClassificationTransformer Train(string template, TuningMethod method) => Reviews.Train(new TextClassificationOptions(_backbone.Path)
    {
        Method = method, Epochs = 4, LearningRate = 0.05, BatchSize = 8,
        Verbalizer = new Verbalizer { Template = template, Words = { ["positive"] = ["good"], ["negative"] = ["bad"] } },
    }, Reviews.Rows(32));
}
