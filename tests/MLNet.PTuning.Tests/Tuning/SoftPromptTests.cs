// What a soft prompt begins as: random numbers, words of the vocabulary, a text, or the classes' names.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tuning;

public sealed class SoftPromptTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();

    [Fact]
    public void From_a_text_the_prompt_repeats_its_words()
    {
        float[][] vectors = Start(new SoftPrompt { Length = 5, Start = PromptStart.Text, StartText = "good film" });
        Assert.Equal([Word("good"), Word("film"), Word("good"), Word("film"), Word("good")], vectors);
    }

    [Fact]
    public void From_class_names_each_class_has_the_mean_of_its_words_and_the_rest_is_drawn()
    {
        float[][] vectors = Start(new SoftPrompt { Length = 4, Start = PromptStart.ClassNames }.For(["good", "very bad"], () => []));
        Assert.Equal(Word("good"), vectors[0]);
        Assert.All(Word("very").Zip(Word("bad"), vectors[1]), t => Assert.Equal((t.First + t.Second) / 2, t.Third, 1e-6));
        Assert.All(vectors[2..], AssertIsWord);
    }

    [Fact]
    public void From_frequent_words_the_most_frequent_come_first_without_special_tokens()
    {
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        var tokenizer = lease.Backbone.Tokenizer;
        int[] ids = tokenizer.Encode("good film bad", null, 10).Ids;
        float[][] vectors = Start(new SoftPrompt { Length = 4, Start = PromptStart.FrequentWords }.For([], () => [ids[0], ids[3], ids[1], ids[2], ids[^1]]));
        Assert.Equal([Word("bad"), Word("good"), Word("film")], vectors[..3]);
        AssertIsWord(vectors[3]);
    }

    [Fact]
    public void From_the_vocabulary_every_vector_is_a_word_and_another_seed_draws_others()
    {
        float[][] vectors = Start(new SoftPrompt { Length = 8 });
        Assert.All(vectors, AssertIsWord);
        Assert.Equal(vectors, Start(new SoftPrompt { Length = 8 }));
        Assert.NotEqual(vectors, Start(new SoftPrompt { Length = 8 }, seed: 2));
    }

    [Fact]
    public void Random_vectors_have_the_chosen_deviation()
    {
        float[] values = [.. Start(new SoftPrompt { Length = 30, Start = PromptStart.Random, InitialDeviation = 0.5 }).SelectMany(v => v)];
        Assert.InRange(Math.Sqrt(values.Average(v => v * v)), 0.45, 0.55);
    }

    [Fact]
    public void A_text_that_is_absent_or_empty_is_refused()
    {
        Assert.Contains("StartText", Assert.Throws<ArgumentException>(() => new SoftPrompt { Start = PromptStart.Text }.Validate()).Message);
        Assert.Contains("StartText", Assert.Throws<ArgumentException>(() => Start(new SoftPrompt { Start = PromptStart.Text, StartText = "\u0001" })).Message);
    }

    public void Dispose() => _backbone.Dispose();

    private static float[] Vector(FrozenBackbone backbone, int id) => ParameterFactory.ToArray(backbone.Encoder.WordEmbeddings.Values[id]);

    private float[] Word(string word)
    {
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        return Vector(lease.Backbone, Array.IndexOf(TinyBackbone.Vocabulary, word));
    }

    private void AssertIsWord(float[] vector)
    {
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        // The five special tokens come first.
        Assert.Contains(Enumerable.Range(5, TinyBackbone.Vocabulary.Length - 5), id => Vector(lease.Backbone, id).SequenceEqual(vector));
    }

    private float[][] Start(TuningMethod method, int seed = 1)
    {
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        using var tuner = method.CreateTuner(lease.Backbone, seed);
        return [.. ParameterFactory.ToArray(tuner.Parameters.Single().Value).Chunk(TinyBackbone.Hidden)];
    }
}
