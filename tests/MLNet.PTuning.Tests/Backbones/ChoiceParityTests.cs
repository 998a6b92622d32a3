// Multiple choice against recordings of the reference implementation: scores of the choices, loss and gradients.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public class ChoiceParityTests
{
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData("bert-small-random")]
    [InlineData("roberta-small-random")]
    public void Scores_loss_and_gradients_equal_the_reference(string backbone)
    {
        using var recorded = new ParityCase(backbone, "f_prefix_multiple_choice");
        using var model = recorded.Model(new DeepPrompt { Length = recorded.PromptLength }, classes: 1, pools: true);
        using var scope = torch.NewDisposeScope();
        var batch = recorded.ChoiceBatch();
        var logits = model.Logits(batch, null);
        AssertClose(recorded.Values("out.logits"), ParameterFactory.ToArray(logits));
        var loss = CrossEntropy.Mean(logits, batch, null);
        AssertClose(recorded.Values("out.loss"), ParameterFactory.ToArray(loss));
        model.Backward(loss);
        Assert.Equal(3, model.Parameters.Count);
        foreach (var parameter in model.Parameters) AssertClose(recorded.Values("grad." + parameter.Name), ParameterFactory.ToArray(parameter.Value.grad!));
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }
}
