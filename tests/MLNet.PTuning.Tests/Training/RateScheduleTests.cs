// The learning rate at chosen steps, worked out by hand.
using MLNet.PTuning.Training;

namespace MLNet.PTuning.Tests.Training;

public class RateScheduleTests
{
    [Theory]
    [InlineData(LearningRateSchedule.Linear, new[] { 1, 0.9, 0.5, 0.1 })]
    [InlineData(LearningRateSchedule.Cosine, new[] { 1, 0.975528258, 0.5, 0.024471742 })]
    [InlineData(LearningRateSchedule.Constant, new[] { 1.0, 1, 1, 1 })]
    [InlineData(LearningRateSchedule.EpochDecay, new[] { 1, 1, 0.95, 0.95 })]
    public void LearningRates_fall_as_the_schedule_says(LearningRateSchedule schedule, double[] fraction)
    {
        var rates = new RateSchedule(new TextClassificationOptions("unread") { Schedule = schedule }, highest: 0.02, stepsPerEpoch: 5, epochs: 2);
        int[] steps = [0, 1, 5, 9];
        Assert.All(steps.Zip(fraction), pair => Assert.Equal(0.02 * pair.Second, rates.RateAt(pair.First), 1e-9));
    }

    [Fact]
    public void Epoch_decay_multiplies_once_an_epoch()
    {
        var rates = new RateSchedule(new TextClassificationOptions("unread") { Schedule = LearningRateSchedule.EpochDecay }, highest: 1, stepsPerEpoch: 3, epochs: 4);
        Assert.Equal([1, 0.95, 0.9025, 0.857375], new[] { 2, 3, 6, 11 }.Select(s => Math.Round(rates.RateAt(s), 9)));
    }

    [Theory]
    [InlineData(LearningRateSchedule.Linear)]
    [InlineData(LearningRateSchedule.Cosine)]
    [InlineData(LearningRateSchedule.Constant)]
    public void Warm_up_rises_from_zero_in_a_straight_line_to_the_highest_rate(LearningRateSchedule schedule)
    {
        var rates = new RateSchedule(new TextClassificationOptions("unread") { Schedule = schedule, WarmupRatio = 0.4 }, highest: 1, stepsPerEpoch: 5, epochs: 2);
        Assert.Equal([0, 0.25, 0.5, 0.75, 1], Enumerable.Range(0, 5).Select(rates.RateAt));
        Assert.True(rates.RateAt(9) <= 1);
    }

    [Fact]
    public void After_warm_up_the_rate_falls_over_the_steps_that_are_left()
    {
        var rates = new RateSchedule(new TextClassificationOptions("unread") { WarmupRatio = 0.4 }, highest: 1, stepsPerEpoch: 5, epochs: 2);
        for (int i = 0; i < 6; i++) Assert.Equal((6 - i) / 6.0, rates.RateAt(4 + i), 1e-9);
    }

    [Fact]
    public void An_epochs_mean_rate_is_over_its_own_steps()
    {
        var rates = new RateSchedule(new TextClassificationOptions("unread"), highest: 1, stepsPerEpoch: 5, epochs: 2);
        Assert.Equal([0.8, 0.3], new[] { 0, 1 }.Select(epoch => Math.Round(rates.MeanOf(epoch), 9)));
    }
}
