// A real decoder of two layers that was trained on children's stories: it continues one, and a prompt teaches it endings.
using Microsoft.ML;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Backbones;

public class RealWritingTests
{
    private static readonly string[] Names = ["Tom", "Lily", "Sam", "Mia", "Ben", "Anna"], Things = ["ball", "cake", "dog", "tree", "book", "hat"];

    [SharedFact("backbones/tinystories-656k-llama")]
    public async Task It_writes_words_and_a_prompt_brings_endings_nearer_to_their_targets()
    {
        var ml = new MLContext(seed: 1);
        string folder = Shared.At("backbones", "tinystories-656k-llama");
        using var untuned = ml.Transforms.PTuningV2GenerateUntuned(new TextGenerationOptions(folder) { MaxNewTokens = 30 }).Model;
        var rows = Rows(48, 1);
        Ending[] opening = [new() { Text = "Once upon a time, there was a little girl named Lily. She loved to" }];
        string text = Endings.Texts(untuned, opening)[0];
        Assert.Contains(' ', text);
        Assert.DoesNotContain('▁', text);
        Assert.Equal(text, string.Concat(await untuned.CreateGenerator().StreamAsync(opening[0].Text!).ToListAsync()));
        untuned.Generation = untuned.Generation with { BeamCount = 3 };
        Assert.All(Endings.Write(untuned, opening), row => Assert.InRange(row.Score, -3, 0));

        var test = ml.Data.LoadFromEnumerable(Rows(12, 2));
        using var model = ml.Transforms.PTuningV2Generate(new TextGenerationOptions(folder) { Method = new DeepPrompt { Length = 8 }, Epochs = 6, BatchSize = 8 }).Fit(ml.Data.LoadFromEnumerable(rows));
        Assert.True(model.Perplexity(test) < 0.5 * untuned.Perplexity(test));
        untuned.Generation = model.Generation;
        Assert.True(Rouge(model) > Rouge(untuned));

        double Rouge(ITransformer of) => ml.MulticlassClassification.EvaluateGeneratedText(of.Transform(test)).RougeL;
    }

    private static List<Ending> Rows(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            string name = random.GetItems(Names, 1)[0], thing = random.GetItems(Things, 1)[0];
            return new Ending { Text = $"Once upon a time, there was a child named {name}. {name} had a {thing}.", Target = $"The {thing} was blue. {name} gave it to a friend, and they were happy." };
        })];
    }
}
