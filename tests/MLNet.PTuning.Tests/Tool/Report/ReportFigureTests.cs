// The report's own figures: intervals, reliability, scores of labels; against what others compute.
using Microsoft.ML;
using MLNet.PTuning.Tests.Pipeline;
using MLNet.PTuning.Tool.Report;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool.Report;

public sealed class ReportFigureTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Scores_of_classes_and_the_confusion_matrix_are_those_of_MLNet()
    {
        var run = runs.All[TaskKind.Classify];
        var figures = ReportFigures.Of(run);
        var keyed = _ml.Transforms.Conversion.MapValueToKey("Label", keyData: _ml.Data.LoadFromEnumerable(run.ClassNames.Select(name => new { Label = name }))).Fit(runs.ClassifiedRows).Transform(runs.ClassifiedRows);
        var expected = _ml.MulticlassClassification.Evaluate(keyed).ConfusionMatrix;
        for (int c = 0; c < run.ClassNames.Count; c++)
        {
            var score = figures.Labels.Single(s => s.Label == run.ClassNames[c]);
            Assert.Equal(expected.PerClassPrecision[c], score.Precision, 1e-9);
            Assert.Equal(expected.PerClassRecall[c], score.Recall, 1e-9);
            for (int p = 0; p < run.ClassNames.Count; p++)
                Assert.Equal(expected.Counts[c][p], figures.Confusion.FirstOrDefault(cell => cell.Gold == run.ClassNames[c] && cell.Predicted == run.ClassNames[p])?.Count ?? 0);
        }
        Assert.Equal(figures.Averages!.MacroF1, figures.Intervals["macroF1"].Value, 1e-12);
    }

    [Fact]
    public void Scores_of_entities_are_those_of_the_librarys_evaluation()
    {
        var figures = ReportFigures.Of(runs.All[TaskKind.Label]);
        var expected = _ml.MulticlassClassification.EvaluateTokenLabels(runs.LabeledRows);
        Assert.True(figures.AreEntities);
        Assert.Equal(expected.PerType.Select(t => (t.Type, t.Gold, t.Predicted, t.Correct)).Order(), figures.Labels.Select(s => (s.Label, s.Support, s.Predicted, s.Correct)).Order());
        Assert.Equal(expected.Micro.F1, figures.Intervals["entityF1"].Value, 1e-12);
        Assert.Equal(expected.TokenAccuracy, figures.Intervals["wordAccuracy"].Value, 1e-12);
    }

    [Fact]
    public void Calibration_is_that_of_the_librarys_evaluation()
    {
        foreach (var (task, rows) in new[] { (TaskKind.Classify, runs.ClassifiedRows), (TaskKind.Label, runs.LabeledRows) })
        {
            var expected = _ml.MulticlassClassification.EvaluateCalibration(rows);
            var figures = ReportFigures.Of(runs.All[task]).Calibration!.Predicted;
            Assert.Equal(expected.ExpectedCalibrationError, figures.ExpectedCalibrationError, 1e-6);
            Assert.Equal(expected.MaximumCalibrationError, figures.MaximumCalibrationError, 1e-6);
            Assert.Equal(expected.Bins.Select(bin => bin.Count), figures.Bins.Select(bin => bin.Count));
            Assert.Equal(expected.Accuracy, figures.Accuracy, 1e-9);
        }
    }

    [Fact]
    public void Probabilities_before_calibration_are_those_of_the_undivided_scores()
    {
        double[] scores = [2, 0.5, -1];
        const double Temperature = 1.7;
        var rows = new ClassifiedText[] { new("1", "", null, "a", "a", Softmax(scores, Temperature)) };
        var calibration = CalibrationFigures.Of(rows, Temperature)!;
        Assert.Equal(Softmax(scores, 1).Max(), calibration.Before!.Confidence, 1e-6);
        Assert.Equal(Softmax(scores, Temperature).Max(), calibration.Predicted.Confidence, 1e-6);
        Assert.Null(CalibrationFigures.Of(rows, null)!.Before);
    }

    [Fact]
    public void An_interval_is_as_wide_as_the_binomial_distribution_says_and_the_same_for_the_same_seed()
    {
        const int Rows = 400;
        Func<int[], (string, double)[]> accuracy = draws => [("accuracy", draws.Where((_, i) => i % 5 != 0).Sum() / (double)Rows)];
        var interval = Bootstrap.Intervals(Rows, seed: 1, accuracy)["accuracy"];
        double deviation = Math.Sqrt(0.8 * 0.2 / Rows);
        Assert.Equal(0.8, interval.Value, 1e-12);
        Assert.Equal(0.8 - 1.96 * deviation, interval.Low, 0.15 * deviation);
        Assert.Equal(0.8 + 1.96 * deviation, interval.High, 0.15 * deviation);
        Assert.Equal(interval, Bootstrap.Intervals(Rows, seed: 1, accuracy)["accuracy"]);
        Assert.NotEqual(interval, Bootstrap.Intervals(Rows, seed: 2, accuracy)["accuracy"]);
    }

    [Fact]
    public void Mistakes_are_the_wrong_rows_with_the_surest_first()
    {
        foreach (var task in new[] { TaskKind.Classify, TaskKind.Label, TaskKind.Answer, TaskKind.Choose })
        {
            var run = runs.All[task];
            var figures = ReportFigures.Of(run);
            Assert.Equal(run.TestRows.Count(row => !row.IsCorrect), figures.MistakeCount);
            Assert.All(figures.Mistakes, mistake => Assert.False(run.TestRows[mistake.Row].IsCorrect));
            Assert.Equal(figures.Mistakes.OrderByDescending(m => m.Score), figures.Mistakes);
        }
    }

    [Fact]
    public void Intervals_are_around_the_scores_that_the_run_has_by_the_same_name()
    {
        foreach (var run in runs.All.Values)
            foreach (var (name, interval) in ReportFigures.Of(run).Intervals)
            {
                Assert.InRange(interval.Value, interval.Low, interval.High);
                if (run.Scores!.All.TryGetValue(name, out double score)) Assert.Equal(score, interval.Value, 1e-9);
            }
    }

    [Fact]
    public void A_label_that_training_rows_do_not_have_counts_as_wrong()
    {
        var figures = ReportFigures.Of(TestRuns.Classified([new("1", "x", null, "unseen", "a", [0.9f, 0.1f]), new("2", "y", null, "a", "a", [0.9f, 0.1f])], ["a", "b"]));
        Assert.Equal([("a", 1, 2, 1), ("unseen", 1, 0, 0)], figures.Labels.Select(s => (s.Label, s.Support, s.Predicted, s.Correct)));
        Assert.Equal(0.5, figures.Intervals["accuracy"].Value);
    }

    [Theory]
    [InlineData(new[] { 0.31, 0.87 }, new[] { 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(new[] { 0.0, 1.0 }, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(new[] { -3.2, 41 }, new[] { -10.0, 0, 10, 20, 30, 40, 50 })]
    public void Ticks_are_round_and_reach_beyond_all_values(double[] values, double[] ticks) => Assert.Equal(ticks, Ticks.Around(values));

    [Theory]
    [InlineData(0)]
    [InlineData(0.25)]
    [InlineData(-1e9)]
    public void A_single_value_lies_between_ticks(double value)
    {
        double[] ticks = Ticks.Around([value]);
        Assert.InRange(ticks.Length, 2, 12);
        Assert.True(ticks[0] < value && value < ticks[^1]);
    }

    private static float[] Softmax(double[] scores, double temperature)
    {
        double total = scores.Sum(score => Math.Exp(score / temperature));
        return [.. scores.Select(score => (float)(Math.Exp(score / temperature) / total))];
    }
}
