// Labels that differ in blanks or in case alone are most often one class, and columns of labels and words are taken for each other: both are said.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class LabelSpellingTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _warnings = [];

    public LabelSpellingTests() => _ml.Log += (_, e) =>
    {
        if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) _warnings.Add(e.Message);
    };

    [Theory]
    [InlineData("positive ", "'positive '")]
    [InlineData("positive\r", @"'positive\u000D'")]
    [InlineData("\u00a0positive", @"'\u00A0positive'")]
    [InlineData("posi\u200btive", @"'posi\u200Btive'")]
    [InlineData("Positive", "'Positive'")]
    [InlineData("\uff50ositive", @"'\uFF50ositive'")]
    public void Classes_that_differ_in_blanks_or_case_alone_are_warned_of(string other, string named)
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        var rows = Reviews.Rows(12);
        rows[2].Label = other;
        Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows)).Dispose();
        Assert.Contains("'positive'", Assert.Single(_warnings, w => w.Contains(named)));
    }

    [Fact]
    public void So_are_two_spellings_of_an_accented_letter()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        var rows = Reviews.Rows(12);
        foreach (var row in rows) row.Label = row.Label == "positive" ? "caf\u00e9" : "bar";
        rows[2].Label = "cafe\u0301";
        Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows)).Dispose();
        Assert.Single(_warnings, w => w.Contains(@"'caf\u00E9' and 'cafe\u0301'"));
    }

    [Fact]
    public void So_are_labels_of_words()
    {
        var options = Sentences.Options(_backbone);
        options.Epochs = 1;
        var rows = Sentences.Rows(8);
        rows[0] = Sentences.Of(["good", "film"], ["B-Plus", "O"]);
        Sentences.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows)).Dispose();
        Assert.Contains("'B-PLUS'", Assert.Single(_warnings, w => w.Contains("'B-Plus'")));
    }

    [Fact]
    public void Other_classes_are_nothing_to_warn_of()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(Reviews.Rows(12, classes: 3))).Dispose();
        Assert.Empty(_warnings);
    }

    // As the MIT movie and restaurant corpora have it.
    [Fact]
    public void A_column_file_with_its_labels_before_its_words_is_found_out()
    {
        string path = _folder.At("engtrain.bio");
        File.WriteAllText(path, "O\twhat\nO\tmovies\nB-ACTOR\tbrad\nI-ACTOR\tpitt\n\nO\tshow\n");
        string message = Assert.Throws<InvalidDataException>(() => Words(path, new ConllOptions())).Message;
        Assert.Contains($"{path}, line 1", message);
        Assert.Contains("WordColumn", message);
        Assert.Equal(["what movies brad pitt", "show"], Words(path, new ConllOptions { WordColumn = 1, LabelColumn = 0 }));
    }

    [Theory]
    [InlineData("O B-ORG\nB-52 I-ORG\nis O\n")]
    [InlineData("B-52 NNP\nU-2 NNP\n")]
    [InlineData("O UH\nRomeo NNP\n")]
    public void Words_that_look_like_labels_are_words(string content)
    {
        string path = _folder.At("words.conll");
        File.WriteAllText(path, content);
        Assert.Single(Words(path, new ConllOptions()));
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    private List<string> Words(string path, ConllOptions options) =>
        [.. _ml.Data.CreateEnumerable<Sentence>(_ml.Data.LoadFromConll(path, options), reuseRowObject: false, ignoreMissingColumns: true).Select(r => string.Join(' ', r.Words))];
}
