// How often multi-task training draws each task.
using MLNet.PTuning.Training;

namespace MLNet.PTuning.Tests.Training;

public sealed class TaskSamplerTests
{
    [Theory]
    [InlineData(TaskSampling.Proportional, 2, new[] { 0.9, 0.1 })]
    [InlineData(TaskSampling.Uniform, 2, new[] { 0.5, 0.5 })]
    [InlineData(TaskSampling.Temperature, 2, new[] { 0.75, 0.25 })]
    [InlineData(TaskSampling.Temperature, 1, new[] { 0.9, 0.1 })]
    public void Tasks_are_drawn_by_their_rows(TaskSampling sampling, double temperature, double[] probabilities)
    {
        var sampler = new TaskSampler([900, 100], sampling, temperature);
        Assert.All(sampler.Probabilities.Zip(probabilities), pair => Assert.Equal(pair.Second, pair.First, 1e-9));
        int[] drawn = [.. sampler.Epoch(20_000, seed: 1, epoch: 0)];
        Assert.All(probabilities.Select((probability, task) => (probability, task)), t => Assert.Equal(t.probability, drawn.Count(d => d == t.task) / 20_000.0, 0.02));
    }

    [Fact]
    public void Draws_are_a_function_of_seed_and_epoch()
    {
        var sampler = new TaskSampler([5, 5, 5], TaskSampling.Uniform, 1);
        Assert.Equal(sampler.Epoch(50, 3, 1), sampler.Epoch(50, 3, 1));
        Assert.NotEqual(sampler.Epoch(50, 3, 1), sampler.Epoch(50, 3, 2));
        Assert.NotEqual(sampler.Epoch(50, 3, 1), sampler.Epoch(50, 4, 1));
    }
}
