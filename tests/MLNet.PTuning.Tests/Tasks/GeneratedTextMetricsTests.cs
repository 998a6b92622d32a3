// ROUGE and BLEU on the worked examples of the scripts that they follow, and on texts whose scores are counted by hand.
using Microsoft.ML;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Tests.Tasks;

public class GeneratedTextMetricsTests
{
    private readonly MLContext _ml = new();

    [Theory]
    [InlineData("testing one two", "testing", 0.5, 0, 0.5)]
    [InlineData("testing one two", "testing one", 0.8, 2 / 3.0, 0.8)]
    [InlineData("testing one two", "testing two", 0.8, 0, 0.8)]
    [InlineData("testing one two three", "testing three one", 6 / 7.0, 0, 4 / 7.0)]
    [InlineData("The quick brown fox jumps over the lazy dog", "The quick brown dog jumps on the log.", 12 / 17.0, 4 / 15.0, 10 / 17.0)]
    [InlineData("the the the", "the cat", 2 / 5.0, 0, 2 / 5.0)]
    [InlineData("testing one two", "", 0, 0, 0)]
    [InlineData("Don't-stop_it", "don t stop it", 1, 1, 1)]
    [InlineData("你好 abc", "你好", 0, 0, 0)]
    public void Rouge_counts_words_pairs_and_sequences_as_rouge_score(string target, string generated, double one, double two, double sequence)
    {
        var metrics = Of(([target], generated));
        Assert.Equal(one, metrics.Rouge1, 1e-9);
        Assert.Equal(two, metrics.Rouge2, 1e-9);
        Assert.Equal(sequence, metrics.RougeL, 1e-9);
    }

    [Fact]
    public void Bleu_of_sacrebleus_own_example_is_sacrebleus()
    {
        (IReadOnlyList<string>, string)[] rows =
        [
            (["The dog bit the man.", "The dog had bit the man."], "The dog bit the man."),
            (["It was not unexpected.", "No one was surprised."], "It wasn't surprising."),
            (["The man bit him first.", "The man had bitten the dog."], "The man had just bitten him."),
        ];
        Assert.Equal(0.48530827, Of(rows).Bleu, 1e-8);
        Assert.Equal(0, Of([.. rows.Select(row => (row.Item1, ""))]).Bleu);
    }

    [Theory]
    [InlineData("this is a test", "this is a test", 1)]
    [InlineData("ref1", "this is a test", 0)]
    [InlineData("I am a symbol string sequence a a", "am I am a character sequence", 0.2326348)]
    [InlineData("this is a test", "this is a fest", 0.5946036)]
    [InlineData("a test", "a test", 0)]
    public void Bleu_smooths_what_has_no_match_and_is_zero_without_any(string target, string generated, double expected) => Assert.Equal(expected, Of(([target], generated)).Bleu, 1e-6);

    [Theory]
    [InlineData("Hello, world! It's 1,000.50 (in 2020-21).", "Hello , world ! It's 1,000.50 ( in 2020 - 21 ) .")]
    [InlineData("&quot;A&amp;B&quot; <skipped>x-\ny\nz ", "\" A & B \" xy z")]
    [InlineData("a.b,c 3.x x.3 [y] {z} `q`", "a . b , c 3 . x x . 3 [ y ] { z } ` q `")]
    [InlineData("", "")]
    public void Words_of_bleu_are_those_of_mteval_13a(string text, string words) => Assert.Equal(words, string.Join(' ', BleuScore.Words(text)));

    [Fact]
    public void Texts_are_read_from_columns_with_one_target_or_several_and_an_absent_target_is_an_error()
    {
        var catalog = _ml.MulticlassClassification;
        var rows = new[] { new { Target = "a b", GeneratedText = "a b ", Several = new[] { "x", "", "a b" } }, new { Target = "c", GeneratedText = "d", Several = new[] { "d" } } };
        var metrics = catalog.EvaluateGeneratedText(_ml.Data.LoadFromEnumerable(rows));
        Assert.Equal((2, 0.5, 0.5), (metrics.Rows, metrics.ExactMatch, metrics.Rouge1));
        Assert.Contains("ROUGE-1 50.00", metrics.ToString());
        Assert.Equal(1, catalog.EvaluateGeneratedText(_ml.Data.LoadFromEnumerable(rows), "Several").ExactMatch);
        Assert.Contains("Row 2 has no target", Assert.Throws<ArgumentException>(() => catalog.EvaluateGeneratedText(_ml.Data.LoadFromEnumerable([rows[0], rows[1] with { Target = "" }]))).Message);
        Assert.Contains("no rows", Assert.Throws<ArgumentException>(() => catalog.EvaluateGeneratedText(_ml.Data.LoadFromEnumerable(rows[..0]))).Message);
        Assert.Contains("no column 'Absent'", Assert.Throws<ArgumentException>(() => catalog.EvaluateGeneratedText(_ml.Data.LoadFromEnumerable(rows), "Absent")).Message);
    }

    private static GeneratedTextMetrics Of(params (IReadOnlyList<string>, string)[] rows) => GeneratedTextMetrics.Of(rows);
}
