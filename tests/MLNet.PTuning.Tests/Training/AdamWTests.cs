// The optimizer against the published formulas, computed here in double precision.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Training;

public class AdamWTests
{
    private static readonly float[][] Gradients = [[3, -4], [0.5f, 0.1f], [-30, 40]];

    [Theory]
    [InlineData(1, 0.1, true, 1)]
    [InlineData(1, 0.1, true, 0.5)]
    [InlineData(1, 0.1, false, 0.5)]
    [InlineData(double.PositiveInfinity, 0, true, 1)]
    public void Three_steps_follow_the_formulas_with_the_heads_rate_a_multiple_of_the_others(double clipNorm, double weightDecay, bool decays, double headFactor)
    {
        const double GivenRate = 0.1;
        double rate = GivenRate * headFactor;
        double[] expected = [1, -2], first = [0, 0], second = [0, 0];
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            var parameter = new Parameter("p", ParameterFactory.From([1, -2], [2], torch.CPU), decays, IsHeads: headFactor != 1);
            using var optimizer = new AdamW([parameter], weightDecay, headFactor);
            for (int step = 1; step <= 3; step++)
            {
                float[] gradient = Gradients[step - 1];
                (parameter.Value * torch.tensor(gradient)).sum().backward();
                double norm = Math.Sqrt(gradient.Sum(g => (double)g * g));
                Assert.Equal(norm, optimizer.Step(GivenRate, clipNorm), 1e-4);

                double scale = Math.Min(1, clipNorm / (norm + 1e-6));
                for (int i = 0; i < 2; i++)
                {
                    double g = gradient[i] * scale;
                    if (decays) expected[i] -= rate * weightDecay * expected[i];
                    first[i] = 0.9 * first[i] + 0.1 * g;
                    second[i] = 0.999 * second[i] + 0.001 * g * g;
                    expected[i] -= rate * (first[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(second[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
                }
                Assert.All(expected.Zip(ParameterFactory.ToArray(parameter.Value)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            }
            parameter.Value.Dispose();
        });
    }

    [Fact]
    public void The_gradient_is_clipped_over_all_parameters_together() => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        Parameter[] parameters = [new("a", ParameterFactory.From([0], [1], torch.CPU)), new("b", ParameterFactory.From([0], [1], torch.CPU))];
        using var optimizer = new AdamW(parameters, 0);
        (parameters[0].Value * 3 + parameters[1].Value * 4).sum().backward();
        Assert.Equal(5, optimizer.Step(0.1, 1), 1e-5);
    });

    [Fact]
    public void A_step_clears_the_gradients() => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        var parameter = new Parameter("p", ParameterFactory.From([1], [1], torch.CPU));
        using var optimizer = new AdamW([parameter], 0);
        (parameter.Value * 3).sum().backward();
        optimizer.Step(0.1, 1);
        Assert.Equal([0f], ParameterFactory.ToArray(parameter.Value.grad!));
    });
}
