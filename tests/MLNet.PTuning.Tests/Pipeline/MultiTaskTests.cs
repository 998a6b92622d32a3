// Several tasks trained together share one prompt, learn, and give single tasks a prompt to start from.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class MultiTaskTests : ThreeTasks
{
    private protected override TuningMethod Method => new DeepPrompt { Length = 4 };

    [Fact]
    public void Tasks_of_texts_and_of_words_share_one_prompt_and_learn()
    {
        using var model = Train();
        var tensors = model.Transformers.ToDictionary(t => t.Key, t => Tensors(t.Value));
        float[] prompt = tensors["two"]["prefix_encoder.embedding.weight"];
        Assert.Equal(prompt, tensors["three"]["prefix_encoder.embedding.weight"]);
        Assert.Equal(prompt, tensors["words"]["prefix_encoder.embedding.weight"]);
        Assert.Equal((2 * TinyBackbone.Hidden, 3 * TinyBackbone.Hidden), (tensors["two"]["classifier.weight"].Length, tensors["three"]["classifier.weight"].Length));
        Assert.InRange(Accuracy(model.Transformers["two"], _two), 0.8, 1);
        Assert.InRange(Accuracy(model.Transformers["three"], _three), 0.6, 1);
        var curve = Assert.IsType<PTuningTokenLabelingTransformer>(model.Transformers["words"]).Report!.Epochs;
        Assert.True(curve[^1].TrainingLoss < 0.7 * curve[0].TrainingLoss, string.Join(' ', curve.Select(e => e.TrainingLoss)));
    }

    [Fact]
    public void A_task_s_validation_set_scores_it_after_every_epoch_and_chooses_the_epoch_that_all_keep()
    {
        List<Review> heldOut = Reviews.Rows(20, seed: 3);
        List<Sentence> heldOutWords = Sentences.Rows(12, seed: 4);
        var (texts, words) = (TextTask(), WordTask());
        (texts.ValidationSet, words.ValidationSet) = (_ml.Data.LoadFromEnumerable(heldOut), Keys(heldOutWords));
        using var model = Train(o => (o.Epochs, o.Tasks) = (6, [o.Tasks[0] with { Options = texts }, o.Tasks[1], o.Tasks[2] with { Options = words }]));
        var two = Assert.IsType<PTuningClassificationTransformer>(model.Transformers["two"]).Report!;
        var three = Assert.IsType<PTuningClassificationTransformer>(model.Transformers["three"]).Report!;
        var labeled = Assert.IsType<PTuningTokenLabelingTransformer>(model.Transformers["words"]).Report!;
        Assert.All(three.Epochs, e => Assert.True(e.ValidationLoss is null && e.ValidationScore is null));
        // All six epochs have steps of both.
        var means = two.Epochs.Zip(labeled.Epochs, (a, b) => (a.Number, Score: (a.ValidationScore + b.ValidationScore) / 2, Loss: (a.ValidationLoss + b.ValidationLoss) / 2)).ToList();
        Assert.Equal(6, means.Count);
        int best = means.OrderByDescending(m => m.Score).ThenBy(m => m.Loss).First().Number;
        Assert.Equal((best, best, best), (two.BestEpoch, three.BestEpoch, labeled.BestEpoch));
        Assert.Equal(two.Epochs[best - 1].ValidationScore!.Value, Accuracy(model.Transformers["two"], heldOut), 1e-9);
    }

    [Fact]
    public void The_same_seed_gives_the_same_weights_and_another_gives_others()
    {
        byte[] Weights(int seed)
        {
            using var model = Train(o => (o.Seed, o.Epochs) = (seed, 1));
            return SavedWeights.Of(model.Transformers["three"]);
        }
        byte[] first = Weights(1);
        Assert.Equal(first, Weights(1));
        Assert.NotEqual(first, Weights(2));
    }

    public static TheoryData<TuningMethod> Methods =>
        [new DeepPrompt { Length = 3 }, new DeepPrompt { Length = 3, Reparameterize = true, EncoderHiddenSize = 8 }, new PrefixTuning { Length = 3 }];

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_single_task_starts_from_the_shared_prompt(TuningMethod method)
    {
        using var model = Train(o => (o.Method, o.Epochs) = (method, 2));
        // At a rate near zero the initial values are left unchanged.
        var options = new TextClassificationOptions(_backbone.Path) { StartFrom = model.Prompt, LearningRate = 1e-12, Epochs = 1 };
        using var single = Reviews.Train(options, _three);
        float[] shared = Tensors(model.Transformers["two"])["prefix_encoder.embedding.weight"], begun = Tensors(single)["prefix_encoder.embedding.weight"];
        Assert.Equal(shared.Length, begun.Length);
        Assert.All(shared.Zip(begun), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void A_transformer_still_works_when_the_others_are_disposed_and_saves_by_itself()
    {
        using var model = Train(o => o.Epochs = 1);
        AssertWorksAlone(model).Dispose();
    }

    [Fact]
    public void Tasks_that_cannot_be_trained_together_are_refused()
    {
        Assert.Contains("two or more", Assert.Throws<ArgumentOutOfRangeException>(() => Train(o => o.Tasks = [o.Tasks[0]])).Message);
        Assert.Contains("different names", Assert.Throws<ArgumentOutOfRangeException>(() => Train(o => o.Tasks = [o.Tasks[0], o.Tasks[0]])).Message);
        Assert.Contains("share", Assert.Throws<ArgumentOutOfRangeException>(() => Train(o => o.Method = new HeadOnly())).Message);
        using var other = new TinyBackbone(seed: 2);
        Assert.Contains(other.Path, Assert.Throws<ArgumentException>(() => Train(o => o.Tasks = [o.Tasks[0], o.Tasks[1] with { Options = new TextClassificationOptions(other.Path) }])).Message);
        Assert.Contains("at least two classes", Assert.Throws<ArgumentException>(() => Train(o => o.Tasks = [o.Tasks[0], o.Tasks[1] with { Data = Keys(Reviews.Rows(8, classes: 1)) }])).Message);
    }
}
