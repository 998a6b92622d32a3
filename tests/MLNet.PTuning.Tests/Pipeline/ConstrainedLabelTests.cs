// Constrained decoding is checked against the training rows: labels that were learned are predicted, whatever scheme was guessed.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ConstrainedLabelTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly List<string> _warnings = [];

    [Theory]
    [InlineData("I-LOC O I-PER I-PER O O O", "good was bad dull film so it", "I-ORG B-ORG O", "odd book film", "Iob1")]
    [InlineData("E-LOC O I-PER E-PER O O O", "good was film bad so it we", "O E-LOC E-PER", "it good bad", "'E-LOC'")]
    [InlineData("B-ORG I-ORG O I-LOC O", "bad film the good it", "O B-ORG I-LOC I-LOC", "was bad good good", "'I-LOC'")]
    public void Labels_that_contradict_the_guessed_scheme_are_predicted_as_they_were_learned(string labels, string words, string moreLabels, string moreWords, string named)
    {
        Sentence[] rows = [Row(words, labels), Row(moreWords, moreLabels)];
        using var labeler = Train([.. Enumerable.Repeat(rows, 8).SelectMany(r => r)]);
        Assert.Equal([labels, moreLabels], Sentences.Labels(labeler, rows).Select(l => string.Join(' ', l)));
        Assert.Contains(_warnings, w => w.Contains(named));

        new MLContext().Model.Save(labeler, null, _folder.At("model.zip"));
        using var loaded = (PTuningTokenLabelingTransformer)new MLContext().Model.Load(_folder.At("model.zip"), out _);
        Assert.Equal([labels, moreLabels], Sentences.Labels(loaded, rows).Select(l => string.Join(' ', l)));
    }

    [Fact]
    public void A_labeler_from_a_PEFT_folder_may_predict_every_label_and_the_log_says_what_was_allowed()
    {
        var options = Sentences.Options(_backbone);
        (options.Method, options.Epochs) = (new DeepPrompt { Length = 3 }, 1);
        using var trained = Sentences.Train(options, [Row("bad film good it", "B-ORG I-ORG I-LOC O")]);
        PeftFolder.Save(trained, _folder.At("peft"));
        var ml = Context();
        using var loaded = ml.Transforms.PTuningV2LabelTokensFromPeft(new TokenLabelingOptions(_backbone.Path) { StartFrom = PeftFolder.Load(_folder.At("peft")), Constrained = true },
            trained.ClassNames).Model;
        Assert.Contains(_warnings, w => w.Contains("'I-LOC'"));
        Assert.Equal(4, Sentences.Labels(loaded, [Row("bad film good it", "O O O O")])[0].Length);
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    private static Sentence Row(string words, string labels) => new() { Words = words.Split(' '), Label = labels.Split(' ') };

    private PTuningTokenLabelingTransformer Train(IEnumerable<Sentence> rows)
    {
        var ml = Context();
        var options = Sentences.Options(_backbone);
        (options.Constrained, options.Epochs) = (true, 60);
        return Sentences.Pipeline(ml, options).Fit(ml.Data.LoadFromEnumerable(rows)).LastTransformer;
    }

    private MLContext Context()
    {
        var ml = new MLContext(seed: 1);
        ml.Log += (_, e) =>
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) _warnings.Add(e.Message);
        };
        return ml;
    }
}
