// Plain text with labels: how it is split into words, and in which unit its offsets count.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class PlainTextLabelTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _log = [];

    public PlainTextLabelTests() => _ml.Log += (_, e) => _log.Add(e.Message);

    private sealed class Ner
    {
        public string Sentence { get; set; } = "";
        public string[] Label { get; set; } = [];
    }

    private sealed class Key
    {
        public string Label { get; set; } = "";
    }

    private static readonly Ner[] Rows =
    [
        new() { Sentence = "Alice saw Bob in Paris , number 0.", Label = ["PERSON", "0", "PERSON", "0", "CITY", "0", "0", "0"] },
        new() { Sentence = "we saw a good film", Label = ["0", "0", "0", "0", "0"] },
    ];

    [Fact]
    public void A_text_column_with_a_vector_of_labels_is_split_at_white_space()
    {
        using var folder = new TempFolder();
        using var model = Fit(["PERSON", "CITY", "0"], Options("Sentence", "Label"));
        Assert.Equal("PERSON CITY 0", string.Join(' ', model.ClassNames));
        Assert.Contains(_log, m => m.Contains("split at white space"));
        Assert.Equal([8, 5], Lengths(model));

        _ml.Model.Save(model, null, folder.At("model.zip"));
        using var loaded = (PTuningTokenLabelingTransformer)_ml.Model.Load(folder.At("model.zip"), out _);
        Assert.Equal([8, 5], Lengths(loaded));
    }

    [Fact]
    public void Labels_that_are_as_many_as_words_at_punctuation_need_that_splitting_and_the_error_says_so()
    {
        Ner[] rows = [new() { Sentence = "Paris, good.", Label = ["CITY", "0", "0", "0"] }, .. Rows];
        string message = Assert.Throws<ArgumentException>(() => Fit(["PERSON", "CITY", "0"], Options("Sentence", "Label"), rows)).Message;
        Assert.Contains("Row 1 has 2 words, but 4 labels", message);
        Assert.Contains("Punctuation gives 4 words", message);
        var options = Options("Sentence", "Label");
        options.WordSplitting = WordSplitting.Punctuation;
        using var model = Fit(["PERSON", "CITY", "0"], options, rows[..1]);
        Assert.Equal([9, 5], Lengths(model));
    }

    // As LoadColumn(1, 3) makes of rows with fewer entities than columns.
    [Fact]
    public void Empty_texts_among_entities_by_place_are_no_entities()
    {
        var options = Sentences.Options(_backbone);
        (options.WordsColumnName, options.LabelColumnName, options.Epochs) = ("Text", "Spans", 1);
        Sentence[] rows = [new() { Text = "a good film", Spans = ["2 6 PLUS", "", " "] }, new() { Text = "a film", Spans = ["", "", ""] }];
        using var model = _ml.Transforms.PTuningV2LabelTokens(options).Fit(_ml.Data.LoadFromEnumerable(rows));
        Assert.Equal("O B-PLUS I-PLUS", string.Join(' ', model.ClassNames));
    }

    [Fact]
    public void Words_without_a_key_where_no_label_is_outside_are_warned_of_beside_a_vector_of_words()
    {
        var words = _ml.Data.LoadFromEnumerable(Rows.Select(row => new { Words = row.Sentence.Split(' '), row.Label }));
        using var model = Fit(["PERSON", "CITY"], Options("Words", "Label"), words);
        Assert.Contains(_log, m => m.Contains("10 of 13 words have no label") && m.Contains("keyData"));
        _log.Clear();
        using var whole = Fit(["PERSON", "CITY", "0"], Options("Words", "Label"), words);
        Assert.DoesNotContain(_log, m => m.Contains("have no label"));
    }

    [Fact]
    public void A_model_of_rows_of_words_splits_plain_text_at_punctuation()
    {
        using var model = Sentences.Train(Sentences.Options(_backbone), Sentences.Rows(8));
        var text = _ml.Data.LoadFromEnumerable([new { Words = "good, bad." }]);
        Assert.Equal(4, _ml.Data.CreateEnumerable<LabeledSentence>(model.Transform(text), false).Single().PredictedLabel.Length);
    }

    [Theory]
    [InlineData(OffsetUnit.CodePoints, "3 7 PER")]
    [InlineData(OffsetUnit.Utf16, "5 9 PER")]
    public void Offsets_after_an_emoji_mark_the_word_that_is_meant(OffsetUnit unit, string span)
    {
        var options = SpanOptions(unit);
        (options.Entities, options.WordOffsets, options.Epochs, options.Constrained) = (true, true, 40, true);
        var rows = Emoji(span).Concat(Enumerable.Repeat(new Sentence { Text = "film was it", Spans = [] }, 4)).ToList();
        using var model = _ml.Transforms.PTuningV2LabelTokens(options).Fit(_ml.Data.LoadFromEnumerable(rows));
        Assert.DoesNotContain(_log, m => m.Contains("inside a word"));

        using var folder = new TempFolder();
        _ml.Model.Save(model, null, folder.At("model.zip"));
        using var loaded = (PTuningTokenLabelingTransformer)_ml.Model.Load(folder.At("model.zip"), out _);
        var found = _ml.Data.CreateEnumerable<SentenceWithEntities>(loaded.Transform(_ml.Data.LoadFromEnumerable(rows.Take(1))), false).Single();
        Assert.Equal("good", Assert.Single(found.EntityText));
        Assert.Equal(span, $"{found.EntityStart[0]} {found.EntityEnd[0]} {found.EntityType[0]}");
        Assert.Equal(unit == OffsetUnit.CodePoints ? "0 1 3 8 14 17" : "0 2 5 10 16 19", string.Join(' ', found.WordStart));
    }

    [Fact]
    public void Entities_that_end_inside_words_are_counted_and_the_first_is_shown_with_the_unit()
    {
        using var model = _ml.Transforms.PTuningV2LabelTokens(SpanOptions(OffsetUnit.Utf16)).Fit(_ml.Data.LoadFromEnumerable(Emoji("3 7 PER")));
        string warning = Assert.Single(_log, m => m.Contains("inside a word"));
        Assert.All(["4 of 4 entities", "row 1", "'3 7 PER'", "UTF-16 code units", "OffsetUnit", "WordSplitting"], n => Assert.Contains(n, warning));
    }

    [Theory]
    [InlineData("a (1988) film", "3 7 DATE")]
    [InlineData("a  good film ", "2 7 PLUS")]
    [InlineData("a good film ", "2 12 PLUS")]
    [InlineData("a good film", "2 6 PLUS", "2 6 PLUS")]
    public void Entities_with_blanks_at_their_ends_and_entities_given_twice_are_no_fault(string text, params string[] spans)
    {
        using var model = _ml.Transforms.PTuningV2LabelTokens(SpanOptions(OffsetUnit.Utf16)).Fit(_ml.Data.LoadFromEnumerable([new Sentence { Text = text, Spans = spans }]));
        Assert.DoesNotContain(_log, m => m.Contains("inside a word"));
    }

    [Theory]
    [InlineData(OffsetUnit.CodePoints, "21", "code points")]
    [InlineData(OffsetUnit.Utf16, "23", "UTF-16 code units")]
    public void An_offset_beyond_the_text_is_named_with_length_and_unit(OffsetUnit unit, string length, string name)
    {
        string message = Assert.Throws<ArgumentException>(() =>
            _ml.Transforms.PTuningV2LabelTokens(SpanOptions(unit)).Fit(_ml.Data.LoadFromEnumerable(Emoji("3 24 PER")))).Message;
        Assert.Contains($"<= {length} (the text's length in {name})", message);
    }

    [Fact]
    public void Offsets_of_random_text_convert_both_ways()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 2000; trial++)
        {
            string text = RandomText.Next(random, random.Next(30));
            var map = new OffsetMap(text, OffsetUnit.CodePoints);
            // Python's own count: an unpaired surrogate is one.
            Assert.Equal(text.EnumerateRunes().Count(), map.Length);
            Assert.Equal(text.Length, map.ToUtf16(map.Length));
            for (int i = 0; i <= map.Length; i++) Assert.Equal(i, map.FromUtf16(map.ToUtf16(i)));
            Assert.Equal(text.Length, new OffsetMap(text, OffsetUnit.Utf16).Length);
        }
    }

    public void Dispose() => _backbone.Dispose();

    private static IEnumerable<Sentence> Emoji(string span) => Enumerable.Repeat(new Sentence { Text = "😀😀 good lives in film", Spans = [span] }, 4);

    private TokenLabelingOptions SpanOptions(OffsetUnit unit)
    {
        var options = Options("Text", "Spans");
        options.OffsetUnit = unit;
        return options;
    }

    private TokenLabelingOptions Options(string words, string label)
    {
        var options = Sentences.Options(_backbone);
        (options.WordsColumnName, options.LabelColumnName, options.Epochs) = (words, label, 1);
        return options;
    }

    private PTuningTokenLabelingTransformer Fit(string[] keys, TokenLabelingOptions options, Ner[]? rows = null) => Fit(keys, options, _ml.Data.LoadFromEnumerable(rows ?? Rows));

    private PTuningTokenLabelingTransformer Fit(string[] keys, TokenLabelingOptions options, IDataView rows)
    {
        var keyData = _ml.Data.LoadFromEnumerable(keys.Select(k => new Key { Label = k }));
        return _ml.Transforms.Conversion.MapValueToKey("Label", keyData: keyData).Append(_ml.Transforms.PTuningV2LabelTokens(options))
            .Fit(rows).LastTransformer;
    }

    private IEnumerable<int> Lengths(PTuningTokenLabelingTransformer model) =>
        _ml.Data.CreateEnumerable<LabeledSentence>(model.Transform(_ml.Data.LoadFromEnumerable(Rows)), false).Select(p => p.PredictedLabel.Length);
}
