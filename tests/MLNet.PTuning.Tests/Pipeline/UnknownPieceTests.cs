// Rows that the backbone's vocabulary mostly does not know are warned of with examples: a check for any kind of wrong tokenizer.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class UnknownPieceTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _warnings = [];

    public UnknownPieceTests() => _ml.Log += (_, line) =>
    {
        // With so few rows all may be predicted as one class, which has a warning of its own.
        if (line.Kind == ChannelMessageKind.Warning && !line.RawMessage.StartsWith("Epoch ")) _warnings.Add(line.RawMessage);
    };

    [Fact]
    public void More_than_a_fifth_is_warned_of_with_up_to_five_of_the_words()
    {
        Train("zero one two three four five good film", "zero was it bad");
        string warning = Assert.Single(_warnings);
        Assert.Contains("7 of 12", warning);
        Assert.All((string[])["'zero'", "'one'", "'two'", "'three'", "'four'"], word => Assert.Contains(word, warning));
        Assert.DoesNotContain("'five'", warning);
    }

    [Fact]
    public void A_fifth_is_not()
    {
        Train("a good film zero is", "a bad film was one");
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Words_given_as_such_and_pairs_count_too()
    {
        var options = Reviews.Options(_backbone);
        (options.TextPairColumnName, options.Epochs) = ("Other", 1);
        using (Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable([new Review { Text = "good", Other = "Zero", Label = "a" }, new Review { Text = "bad", Other = "it", Label = "b" }]))) { }
        Assert.Contains("1 of 4", Assert.Single(_warnings));
        Assert.Contains("'Zero'", _warnings[0]);

        _warnings.Clear();
        var labeling = Sentences.Options(_backbone);
        labeling.Epochs = 1;
        using var model = Sentences.Pipeline(_ml, labeling).Fit(_ml.Data.LoadFromEnumerable([Sentences.Of(["zero", "good", "naïve"], ["O", "B-PLUS", "O"])]));
        Assert.Contains(_warnings, w => w.Contains("2 of 3") && w.Contains("'zero'") && w.Contains("'naïve'"));
    }

    public void Dispose() => _backbone.Dispose();

    private void Train(string positive, string negative)
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        using var model = Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable([new Review { Text = positive, Label = "a" }, new Review { Text = negative, Label = "b" }]));
    }
}
