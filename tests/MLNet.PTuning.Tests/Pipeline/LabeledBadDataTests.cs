// Words and labels that cannot be learned from are refused with an error that names the column or the row, its fault, and what to do.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class LabeledBadDataTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void A_row_with_more_words_than_labels_is_named_with_both_counts()
    {
        var rows = Sentences.Rows(4);
        rows[2].Words = [.. rows[2].Words, "film"];
        Mentions(Refused(Sentences.Options(_backbone), rows), "Row 3", $"{rows[2].Words.Length} words", $"{rows[2].Label.Length} labels");
    }

    [Theory]
    [InlineData("Absent", "'Absent'", "it has ")]
    [InlineData("Number", "'Number'", "words are a vector of text, or plain text")]
    [InlineData("Numbers", "'Numbers'", "words are a vector of text, or plain text")]
    public void A_column_of_words_that_is_absent_or_no_words_is_named(string column, params string[] named)
    {
        var options = Sentences.Options(_backbone);
        options.WordsColumnName = column;
        RefusedByPipelineAndByFit(options, named);
    }

    [Theory]
    [InlineData("Absent", "'Absent'", "it has ")]
    [InlineData("Text", "'Text'", "MapValueToKey")]
    [InlineData("Numbers", "'Numbers'", "MapValueToKey(\"Numbers\")")]
    public void A_label_column_that_gives_no_label_a_word_says_to_add_MapValueToKey(string column, params string[] named)
    {
        var options = Sentences.Options(_backbone);
        options.LabelColumnName = column;
        var labeler = _ml.Transforms.PTuningV2LabelTokens(options);
        Mentions(Assert.Throws<ArgumentException>(() => labeler.Fit(_ml.Data.LoadFromEnumerable(Sentences.Rows(4)))), named);
        Mentions(Assert.Throws<ArgumentException>(() => _ml.Transforms.CopyColumns("Copy", "Text").Append(labeler).Fit(_ml.Data.LoadFromEnumerable(Sentences.Rows(4)))), named);
    }

    [Fact]
    public void A_tag_outside_the_scheme_is_named_with_those_of_the_scheme()
    {
        var options = Sentences.Options(_backbone);
        options.Scheme = TagScheme.Iobes;
        var rows = Sentences.Rows(4);
        rows[1].Label[0] = "Q-PLUS";
        Mentions(Refused(options, rows), "'Q-PLUS'", "Iobes", "S-TYPE");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(99)]
    public void A_predicate_that_is_no_word_of_its_row_is_named(int index)
    {
        var options = Sentences.Options(_backbone);
        options.PredicateColumnName = "Predicate";
        var rows = Sentences.Rows(4);
        rows[3].Predicate = index;
        Mentions(Refused(options, rows), "row 4", $"word {index}", $"{rows[3].Words.Length} words");
    }

    [Theory]
    [InlineData("film", "is not of the form \"start end TYPE\"")]
    [InlineData("3 2 PLUS", "is not of the form")]
    [InlineData("0 500 PLUS", "the text's length")]
    [InlineData("4 5 PLUS", "covers no word")]
    public void An_entity_outside_the_text_is_named(string span, string fault)
    {
        var options = Sentences.Options(_backbone);
        (options.WordsColumnName, options.LabelColumnName) = ("Text", "Spans");
        var rows = Sentences.Rows(3).Append(new Sentence { Text = "film film", Spans = [span] });
        var labeler = _ml.Transforms.PTuningV2LabelTokens(options);
        Mentions(Assert.Throws<ArgumentException>(() => labeler.Fit(_ml.Data.LoadFromEnumerable(rows))), "Row 4", $"'{span}'", fault);
    }

    [Fact]
    public void Entities_that_overlap_are_named_with_their_row()
    {
        var options = Sentences.Options(_backbone);
        (options.WordsColumnName, options.LabelColumnName) = ("Text", "Spans");
        var labeler = _ml.Transforms.PTuningV2LabelTokens(options);
        var rows = new[] { new Sentence { Text = "a film", Spans = ["0 6 PLUS", "2 6 MINUS"] } };
        Mentions(Assert.Throws<ArgumentException>(() => labeler.Fit(_ml.Data.LoadFromEnumerable(rows))), "Row 1", "overlaps");
    }

    [Fact]
    public void Rows_that_contradict_a_given_scheme_are_named_where_it_constrains()
    {
        var options = Sentences.Options(_backbone);
        (options.Constrained, options.Scheme) = (true, TagScheme.Iob2);
        var rows = Sentences.Rows(4);
        rows[1] = new Sentence { Words = ["a", "good", "film"], Label = ["O", "I-PLUS", "O"] };
        Mentions(Refused(options, rows), "'I-PLUS' after 'O'", "row 2", "Iob2");
    }

    [Fact]
    public void A_validation_label_that_training_never_saw_is_named()
    {
        var options = Sentences.Options(_backbone);
        var validation = Sentences.Rows(4);
        validation[0].Label[0] = "B-NEW";
        var data = _ml.Data.LoadFromEnumerable(validation);
        options.ValidationSet = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        Mentions(Refused(options, Sentences.Rows(8)), "'B-NEW'", "B-PLUS");
    }

    [Fact]
    public void Rows_without_words_are_skipped_and_counted()
    {
        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        var options = Sentences.Options(_backbone);
        options.Epochs = 1;
        using var chain = Sentences.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable([.. Sentences.Rows(6), new Sentence(), new Sentence()]));
        Assert.Equal((6, 2), (chain.LastTransformer.Report!.Rows, chain.LastTransformer.Report.SkippedRows));
        Assert.Contains(warnings, w => w.Contains("2 of 8 rows have no words or no labels"));
    }

    [Fact]
    public void Nothing_to_learn_from_is_refused()
    {
        Mentions(Refused(Sentences.Options(_backbone), []), "no rows");
        Mentions(Refused(Sentences.Options(_backbone), [new Sentence { Words = ["film"], Label = ["O"] }]), "'O'", "at least two classes");
        Mentions(Refused(Sentences.Options(_backbone), [new Sentence { Words = ["film", ""], Label = ["", "O"] }]), "has a label");
    }

    public void Dispose() => _backbone.Dispose();

    private ArgumentException Refused(TokenLabelingOptions options, IEnumerable<Sentence> rows) =>
        Assert.ThrowsAny<ArgumentException>(() => Sentences.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows)));

    private void RefusedByPipelineAndByFit(TokenLabelingOptions options, params string[] named)
    {
        Mentions(Refused(options, Sentences.Rows(4)), named);
        var data = _ml.Data.LoadFromEnumerable(Sentences.Rows(4));
        var keyed = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        Mentions(Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2LabelTokens(options).Fit(keyed)), named);
    }

    private static void Mentions(Exception error, params string[] named) => Assert.All(named, n => Assert.Contains(n, error.Message));
}
