// Labels in the forms in which ML.NET's users have them: keys without key values, and tags that are plain text.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class LabelFormTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    private sealed class Starred
    {
        public string Text { get; set; } = "";
        [KeyType(3)]
        public uint Label { get; set; }
    }

    private sealed class AnyKey
    {
        public string Text { get; set; } = "";
        [KeyType(uint.MaxValue)]
        public uint Label { get; set; }
    }

    private sealed class NumberedSentence
    {
        public string[] Words { get; set; } = [];
        [KeyType(2)]
        public uint[] Label { get; set; } = [];
    }

    private sealed class PredictedNumber
    {
        public uint PredictedLabel { get; set; }
        public uint Value { get; set; }
        public float[] Score { get; set; } = [];
    }

    [Fact]
    public void Keys_without_key_values_are_classes_from_1()
    {
        var rows = Reviews.Rows(48, classes: 3).Select((r, i) => new Starred { Text = r.Text!, Label = (uint)(i % 3 + 1) }).ToList();
        var data = _ml.Data.LoadFromEnumerable(rows);
        var promised = new ShapeSpy();
        using var chain = _ml.Transforms.PTuningV2Classify(Reviews.QuickOptions(_backbone)).Append(_ml.Transforms.Conversion.MapKeyToValue("Value", "PredictedLabel")).Append(promised).Fit(data);
        var predicted = _ml.Data.CreateEnumerable<PredictedNumber>(chain.Transform(data), reuseRowObject: false).ToList();
        Assert.All(predicted, p => Assert.Equal((3, p.PredictedLabel), (p.Score.Length, p.Value)));
        Assert.InRange(_ml.MulticlassClassification.Evaluate(chain.Transform(data)).MicroAccuracy, 0.6, 1);
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, chain.Transform(data))), ShapeSpy.Described(promised.Seen!));

        _ml.Model.SaveSafely(chain, data.Schema, _folder.At("model.zip"));
        var loaded = _ml.Model.Load(_folder.At("model.zip"), out _);
        using var disposable = (IDisposable)loaded;
        Assert.Equal(predicted.Select(p => p.Value), _ml.Data.CreateEnumerable<PredictedNumber>(loaded.Transform(data), reuseRowObject: false).Select(p => p.Value));
    }

    [Fact]
    public void Words_with_keys_without_key_values_are_labeled_from_1()
    {
        var data = _ml.Data.LoadFromEnumerable(Sentences.Rows(16).Select(s => new NumberedSentence { Words = s.Words, Label = [.. s.Label.Select(l => l == "O" ? 1u : 2u)] }));
        var options = Sentences.Options(_backbone);
        options.Epochs = 1;
        using var model = _ml.Transforms.PTuningV2LabelTokens(options).Fit(data);
        Assert.Equal(["1", "2"], model.ClassNames);
    }

    [Fact]
    public void A_key_that_may_be_any_number_is_refused_by_its_count()
    {
        var data = _ml.Data.LoadFromEnumerable(Enumerable.Range(1, 4).Select(i => new AnyKey { Text = "good", Label = (uint)i }));
        string message = Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2Classify(Reviews.Options(_backbone)).Fit(data)).Message;
        Assert.Contains("'Label'", message);
        Assert.Contains("4294967295", message);
        Assert.Contains("MapValueToKey", message);
    }

    [Fact]
    public void Tags_as_text_for_words_train_the_model_that_keys_of_them_train()
    {
        var rows = Sentences.Rows(16);
        var options = Sentences.Options(_backbone);
        options.Epochs = 1;
        using var mapped = Sentences.Train(options, rows);
        var promised = new ShapeSpy();
        var data = _ml.Data.LoadFromEnumerable(rows.Select(r => new { r.Words, r.Label }));
        using var chain = _ml.Transforms.PTuningV2LabelTokens(options).Append(promised).Fit(data);
        var direct = chain.OfType<PTuningTokenLabelingTransformer>().Single();
        Assert.Equal(mapped.ClassNames, direct.ClassNames);
        Assert.Equal(SavedWeights.Of(mapped), SavedWeights.Of(direct));
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, chain.Transform(data))), ShapeSpy.Described(promised.Seen!));
        // Scored against the same column.
        Assert.Equal(rows.Sum(r => r.Words.Length), _ml.MulticlassClassification.EvaluateTokenLabels(chain.Transform(data)).Words);
    }

    [Fact]
    public void An_empty_tag_is_a_missing_label_and_too_few_tags_are_an_error()
    {
        var options = Sentences.Options(_backbone);
        options.Epochs = 1;
        using var model = _ml.Transforms.PTuningV2LabelTokens(options).Fit(Rows(["good", "film", "bad"], ["B-X", "", "O"]));
        Assert.Equal(["B-X", "O"], model.ClassNames);
        string message = Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2LabelTokens(options).Fit(Rows(["good", "film"], ["B-X"]))).Message;
        Assert.Contains("Row 1 has 2 words, but 1 labels", message);

        IDataView Rows(string[] words, string[] labels) => _ml.Data.LoadFromEnumerable([new Sentence { Words = words, Label = labels }]);
    }

    [Fact]
    public void A_validation_set_may_have_tags_as_text_too()
    {
        var options = Sentences.Options(_backbone);
        (options.Epochs, options.ValidationSet) = (2, _ml.Data.LoadFromEnumerable(Sentences.Rows(8, seed: 2)));
        using var model = _ml.Transforms.PTuningV2LabelTokens(options).Fit(_ml.Data.LoadFromEnumerable(Sentences.Rows(24)));
        Assert.All(model.Report!.Epochs, e => Assert.NotNull(e.ValidationScore));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }
}
