// Scores of entities as the CoNLL evaluation script counts them; the expected counts are worked out by hand from its rules.
namespace MLNet.PTuning.Tests.Tasks;

public class TokenLabelMetricsTests
{
    [Theory]
    // Right type, beginning and end.
    [InlineData("B-A I-A O B-B", "B-A I-A O B-B", 2, 2, 2)]
    // A shorter entity is wrong, and counts on both sides.
    [InlineData("B-A I-A I-A", "B-A I-A O", 1, 1, 0)]
    // A longer one too.
    [InlineData("B-A O", "B-A I-A", 1, 1, 0)]
    // The right border with the wrong type is wrong.
    [InlineData("B-A I-A", "B-B I-B", 1, 1, 0)]
    // I- after O begins an entity, as in IOB1.
    [InlineData("O I-A I-A", "O B-A I-A", 1, 1, 1)]
    // I- of another type ends the entity before it and begins its own.
    [InlineData("B-A I-B I-B", "B-A B-B I-B", 2, 2, 2)]
    // B- divides neighbors of one type; without it they are one.
    [InlineData("B-A B-A", "B-A I-A", 2, 1, 0)]
    // E- ends: what follows of the same type is a new one.
    [InlineData("B-A E-A I-A E-A", "B-A E-A B-A E-A", 2, 2, 2)]
    // S- alone, between and after others.
    [InlineData("S-A S-A B-A E-A", "S-A B-A I-A E-A", 3, 2, 1)]
    // An entity that the sentence's end cuts off counts.
    [InlineData("O B-A I-A", "O B-A I-A", 1, 1, 1)]
    [InlineData("O O", "O O", 0, 0, 0)]
    public void Entities_are_counted_as_the_script_counts_them(string gold, string predicted, int expected, int found, int correct)
    {
        var micro = Of((gold, predicted)).Micro;
        Assert.Equal((expected, found, correct), (micro.Gold, micro.Predicted, micro.Correct));
    }

    [Fact]
    public void An_entity_does_not_go_on_in_the_next_row()
    {
        var micro = Of(("O B-A", "O B-A"), ("I-A O", "O O")).Micro;
        Assert.Equal((2, 1, 1), (micro.Gold, micro.Predicted, micro.Correct));
    }

    [Fact]
    public void Shares_means_and_accuracy_follow_from_the_counts()
    {
        var metrics = Of(("B-A I-A O B-B O", "B-A I-A O B-A O"), ("B-A O", "O O"));
        Assert.Equal(["A", "B"], metrics.PerType.Select(t => t.Type));
        Assert.Equal((0.5, 0.5, 0.5), (metrics.PerType[0].Precision, metrics.PerType[0].Recall, metrics.PerType[0].F1));
        Assert.Equal((0, 0, 0), (metrics.PerType[1].Precision, metrics.PerType[1].Recall, metrics.PerType[1].F1));
        Assert.Equal((1 / 2.0, 1 / 3.0), (metrics.Micro.Precision, metrics.Micro.Recall));
        Assert.Equal(0.4, metrics.Micro.F1, 1e-12);
        Assert.Equal((0.25, 0.25, 0.25), (metrics.MacroPrecision, metrics.MacroRecall, metrics.MacroF1));
        Assert.Equal(5 / 7.0, metrics.TokenAccuracy, 1e-12);
        Assert.Equal((2, 7), (metrics.Rows, metrics.Words));
    }

    [Fact]
    public void Words_without_a_gold_label_are_left_out()
    {
        var metrics = TokenLabelMetrics.Of([(new string?[] { "B-A", null, "O" }, ["B-A", "B-B", "O"])], TagScheme.Iob2);
        Assert.Equal((2, 1.0), (metrics.Words, metrics.TokenAccuracy));
        Assert.Equal((1, 1, 1), (metrics.Micro.Gold, metrics.Micro.Predicted, metrics.Micro.Correct));
    }

    [Fact]
    public void Rows_of_different_length_are_refused_with_both_counts()
    {
        string message = Assert.Throws<ArgumentException>(() => Of(("O", "O"), ("O O O", "O O"))).Message;
        Assert.Contains("Row 2 has 3 gold labels, but 2", message);
    }

    [Fact]
    public void The_table_has_a_line_a_type_and_one_for_all()
    {
        string[] lines = Of(("B-LONGTYPENAME O", "B-LONGTYPENAME B-X")).GetFormattedTable().Split(Environment.NewLine);
        Assert.Matches(@"^LONGTYPENAME +100\.00 +100\.00 +100\.00 +1 +1$", lines[1]);
        Assert.Matches(@"^X +0\.00 +0\.00 +0\.00 +0 +1$", lines[2]);
        Assert.Matches(@"^all +50\.00 +100\.00 +66\.67 +1 +2$", lines[3]);
        Assert.Contains("token accuracy 50.00 over 2 words in 1 rows", lines[4]);
        Assert.Single(lines[..4].Select(l => l.Length).Distinct());
    }

    [Fact]
    public void Entities_without_a_type_have_a_line_that_says_so()
    {
        var metrics = Of(("B I O B", "B I O O"));
        Assert.Equal(("", 2, 1), (metrics.PerType[0].Type, metrics.PerType[0].Gold, metrics.PerType[0].Correct));
        Assert.Matches(@"^\(no type\) +100\.00 +50\.00 +66\.67 +2 +1$", metrics.GetFormattedTable().Split(Environment.NewLine)[1]);
    }

    private static TokenLabelMetrics Of(params (string Gold, string Predicted)[] rows) =>
        TokenLabelMetrics.Of(rows.Select(r => ((IReadOnlyList<string?>)r.Gold.Split(' '), (IReadOnlyList<string>)r.Predicted.Split(' '))), TagScheme.Iob2);
}
