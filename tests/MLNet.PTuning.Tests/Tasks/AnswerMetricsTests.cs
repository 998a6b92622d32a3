// Exact match, F1 and thresholds of no answer equal what Python's scripts give; fixtures/answers/generate.py has them.
using System.Text.Json;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Tests.Tasks;

public class AnswerMetricsTests
{
    private sealed record Pair(AnswerComparison Comparison, string[] Golds, string Prediction, double Exact, double F1);

    private sealed record Row(string[] Golds, string Best, double Null);

    private sealed record Expected(double Best, double? Threshold, double All, double WithAnswers, double Without);

    private sealed record ThresholdSet(Row[] Rows, Expected Exact, Expected F1);

    [Fact]
    public void Every_pair_has_the_scores_that_the_scripts_give()
    {
        var pairs = Read<Pair[]>("pairs.json");
        Assert.True(pairs.Length > 500);
        Assert.All(pairs, pair =>
        {
            var score = AnswerMetrics.Of([new AnswerPrediction(pair.Golds, pair.Prediction, pair.Prediction, null)], pair.Comparison).All;
            Assert.Equal((pair.Exact, pair.F1), (score.ExactMatch, score.F1));
        });
    }

    [Fact]
    public void Questions_with_and_without_answers_and_the_best_thresholds_are_as_the_script_gives_them()
    {
        foreach (var set in Read<ThresholdSet[]>("thresholds.json"))
        {
            var metrics = AnswerMetrics.Of([.. set.Rows.Select(row => new AnswerPrediction(row.Golds, row.Null > 0 ? "" : row.Best, row.Best, row.Null))], AnswerComparison.Words);
            Check(set.Exact, metrics.BestExactMatch!, s => s.ExactMatch);
            Check(set.F1, metrics.BestF1!, s => s.F1);

            void Check(Expected expected, BestThreshold best, Func<AnswerScore, double> score)
            {
                Assert.Equal([expected.All, expected.WithAnswers, expected.Without, expected.Best],
                    [score(metrics.All), score(metrics.WithAnswers), score(metrics.WithoutAnswers), best.Score], (a, b) => Math.Abs(a - b) < 1e-12);
                // Where no question is to be answered, the script says 0 for a probability; here it is below all.
                Assert.Equal(expected.Threshold ?? set.Rows.Min(row => row.Null) - 1, best.NullThreshold, 1e-9);
            }
        }
    }

    [Fact]
    public void A_threshold_answers_all_questions_of_one_score_or_none_of_them()
    {
        AnswerPrediction[] rows = [new(["x"], "x", "x", 1), new([], "y", "y", 1), new([], "z", "z", 1), new(["w"], "w", "w", 0)];
        Assert.Equal(new BestThreshold(0.75, 0), AnswerMetrics.Of(rows, null).BestExactMatch);
    }

    [Theory]
    [InlineData("北京 is it", "北京市", AnswerComparison.Characters)]
    [InlineData("it is so", "so", AnswerComparison.Words)]
    public void Chinese_answers_are_compared_by_characters_and_others_by_words(string gold, string predicted, AnswerComparison comparison)
    {
        var metrics = AnswerMetrics.Of([new([gold], predicted, predicted, null)], null);
        Assert.Equal(comparison, metrics.Comparison);
        Assert.InRange(metrics.All.F1, 0.4, 0.6);
    }

    [Fact]
    public void The_table_has_a_line_for_each_kind_of_question_and_the_thresholds()
    {
        string table = AnswerMetrics.Of([new(["x"], "x", "x", -2), new([], "y", "y", 1)], null).GetFormattedTable();
        Assert.Equal(5, table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("best exact match 100.00 with NullThreshold -2.000", table);
    }

    private static T Read<T>(string file) => JsonSerializer.Deserialize<T>(File.ReadAllText(Shared.Fixture("answers", file)), new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
    })!;
}
