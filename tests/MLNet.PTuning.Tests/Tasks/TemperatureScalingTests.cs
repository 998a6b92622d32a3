// The temperature of the least negative log-likelihood: what it is found to be, what it leaves as it was, and where rows do not say it.
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Tests.Tasks;

public sealed class TemperatureScalingTests
{
    public static TheoryData<double, int> Known => new() { { 0.25, 2 }, { 0.8, 5 }, { 1, 3 }, { 2, 2 }, { 3.5, 9 }, { 12, 4 } };

    [Theory]
    [MemberData(nameof(Known))]
    public void A_known_temperature_is_found_again(double temperature, int classes)
    {
        // Labels are drawn from the softmax of the scores at the temperature.
        var random = new Random(7);
        var rows = Enumerable.Range(0, 20_000).Select(_ =>
        {
            double[] scores = [.. Enumerable.Range(0, classes).Select(_ => 4 * temperature * (random.NextDouble() - 0.5))];
            return new ScoredSoftmax(scores, Draw(new ScoredSoftmax(scores, 0).Probabilities(temperature), random));
        }).ToList();
        Assert.Equal(1, TemperatureScaling.Of(rows) / temperature, 0.1);
    }

    [Fact]
    public void No_other_temperature_makes_the_labels_more_likely_and_none_changes_a_prediction()
    {
        var random = new Random(3);
        for (int set = 0; set < 200; set++)
        {
            var rows = RandomRows(random);
            double temperature = TemperatureScaling.Of(rows);
            Assert.InRange(temperature, TemperatureScaling.Lowest, TemperatureScaling.Highest);
            var (before, after) = (Metrics(rows, 1), Metrics(rows, temperature));
            Assert.True(after.LogLoss <= before.LogLoss + 1e-12);
            Assert.Equal(before.Accuracy, after.Accuracy);
            if (rows.All(row => row.IsRight)) continue;
            foreach (double other in new[] { TemperatureScaling.Lowest, temperature * 0.99, temperature * 1.01, TemperatureScaling.Highest })
                if (other is >= TemperatureScaling.Lowest and <= TemperatureScaling.Highest) Assert.True(after.LogLoss <= Metrics(rows, other).LogLoss + 1e-12, $"set {set}: {temperature} is worse than {other}");
        }
    }

    [Fact]
    public void Scores_times_a_number_have_that_number_of_times_the_temperature()
    {
        var random = new Random(5);
        List<ScoredSoftmax> rows = [.. Enumerable.Range(0, 100).Select(i => new ScoredSoftmax([random.NextDouble(), 2 + random.NextDouble(), 0], i % 4 == 0 ? 0 : 1))];
        double temperature = TemperatureScaling.Of(rows);
        Assert.Equal(temperature * 1.5, TemperatureScaling.Of([.. rows.Select(row => new ScoredSoftmax(Array.ConvertAll(row.Scores, s => 1.5 * s), row.Target))]), 1e-6);
    }

    [Theory]
    [InlineData(0.9f)]
    [InlineData(1f)]
    [InlineData(0.5f)]
    public void Rows_that_are_all_right_leave_the_temperature_at_1(float probability)
    {
        var one = Of([probability, 1 - probability], 0);
        Assert.Equal(1, TemperatureScaling.Of(one));
        Assert.Equal(1, TemperatureScaling.Of([.. one, .. Of([0, 1], 1)]));
    }

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0f)]
    public void Rows_that_are_all_wrong_give_the_highest_temperature(float probability) =>
        Assert.Equal(TemperatureScaling.Highest, TemperatureScaling.Of(Of([probability, 1 - probability], 0)));

    [Fact]
    public void Scores_that_hardly_differ_give_the_lowest_temperature()
    {
        ScoredSoftmax right = new([1e-4, 0], 0), wrong = new([1e-4, 0], 1);
        Assert.Equal(TemperatureScaling.Lowest, TemperatureScaling.Of([right, right, right, wrong]));
    }

    [Fact]
    public void Words_without_a_label_do_not_count_and_choices_are_scored_among_each_other()
    {
        var words = ScoredSoftmax.Of(new Example([], [], [0, 1], [Example.NoTarget, 1]), [0.5f, 0.5f, 0.2f, 0.8f], classes: 2);
        var word = Assert.Single(words);
        Assert.Equal((1, Math.Log(0.8f)), (word.Target, word.Scores[1]));
        var choices = Assert.Single(ScoredSoftmax.Of(new Example([], [], [0, 1, 2], [2]) { Over = SoftmaxOver.Vectors }, [0.1f, -0.2f, 3], classes: 1));
        Assert.Equal([0.1f, -0.2f, 3.0], choices.Scores);
        Assert.Equal(2, choices.Target);
    }

    private static List<ScoredSoftmax> Of(float[] probabilities, int target) => [.. ScoredSoftmax.Of(new Example([], [], [0], [target]), probabilities, probabilities.Length)];

    private static CalibrationMetrics Metrics(IEnumerable<ScoredSoftmax> rows, double temperature) => CalibrationMetrics.Of(rows.Select(row => (row.Probabilities(temperature), row.Target)));

    // Few rows or many, of scores that are near to each other or far apart.
    private static List<ScoredSoftmax> RandomRows(Random random)
    {
        int classes = 2 + random.Next(6);
        double spread = Math.Pow(10, 3 * random.NextDouble() - 1);
        return [.. Enumerable.Range(0, 1 + random.Next(40)).Select(_ => new ScoredSoftmax([.. Enumerable.Range(0, classes).Select(_ => spread * (random.NextDouble() - 0.5))], random.Next(classes)))];
    }

    private static int Draw(double[] probabilities, Random random)
    {
        double left = random.NextDouble();
        int drawn = 0;
        while (drawn < probabilities.Length - 1 && (left -= probabilities[drawn]) > 0) drawn++;
        return drawn;
    }
}
