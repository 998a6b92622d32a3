// Dropout of the decoders' hand-written layers: against finite differences, and at each of the backbone's places.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;
using static MLNet.PTuning.Tests.Backbones.RandomDecoder;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class PackedDecoderDropoutTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void Under_dropout_the_gradient_is_that_of_the_masked_function(string form)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var decoder = new RandomDecoder(form, Dropping(form, 0.1, 0.1, 0.1));
        var batch = Rows();
        int[] readPositions = Read(batch, "last");
        using var dropout = new Dropout(7, torch.CPU, inBackbone: true);
        dropout.StartStep(1);
        using var packed = PackedLayersCase.Of<float>(512, decoder.Encoder.Packed());
        var (_, leaf) = decoder.Prompt();
        var weight = Random(readPositions.Length, decoder.Config.HiddenSize, seed: 4);
        var direction = Random(PromptLength, leaf.shape[1], seed: 5);

        Loss(leaf, keep: true);
        double predicted = (packed.Backward(weight, toEmbedded: false).Prefix! * direction).sum().item<float>();

        const double Step = 0.01;
        double measured = (Loss(leaf + direction * Step, keep: false) - Loss(leaf - direction * Step, keep: false)) / (2 * Step);
        Assert.Equal(measured, predicted, Math.Abs(measured) * 0.01 + 0.01);

        double Loss(torch.Tensor table, bool keep) =>
            (packed.Forward(null, batch, readPositions, StateOf(table, 0.25), dropout, keep) * weight).sum().item<float>();
    }

    [Theory]
    [InlineData("gpt2", 0.2, 0, 0)]
    [InlineData("gpt2", 0, 0.2, 0)]
    [InlineData("gpt2", 0, 0, 0.2)]
    [InlineData("llama", 0, 0, 0.2)]
    public void Each_of_the_backbones_places_drops_in_training_alone_and_keeps_the_mean(string form, double embedded, double hidden, double probabilities)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var decoder = new RandomDecoder(form, Dropping(form, embedded, hidden, probabilities));
        var (batch, (prompt, _)) = (Rows(), decoder.Prompt());
        int[] readPositions = Read(batch, "last");
        using Dropout inside = new(7, torch.CPU, inBackbone: true), outside = new(7, torch.CPU, inBackbone: false);
        var predicted = Run(null, 0);

        Assert.Equal(ParameterFactory.ToArray(predicted), ParameterFactory.ToArray(Run(outside, 1)));
        Assert.Equal(ParameterFactory.ToArray(Run(inside, 1)), ParameterFactory.ToArray(Run(inside, 1)));
        const int Steps = 200;
        double first = PackedLayersCase.RelativeDifference(predicted, Run(inside, 1));
        var sum = torch.zeros_like(predicted);
        for (int step = 0; step < Steps; step++) sum.add_(Run(inside, step));
        Assert.True(first > 0.01);
        Assert.InRange(PackedLayersCase.RelativeDifference(predicted, sum / Steps), 0, 0.6 * first);

        torch.Tensor Run(Dropout? dropout, long step)
        {
            dropout?.StartStep(step);
            return decoder.Encoder.Run(batch, readPositions, prompt, dropout, Precision.Float32).Hidden;
        }
    }

    private static string Dropping(string form, double embedded, double hidden, double probabilities) => form == "gpt2"
        ? FormattableString.Invariant($"\"embd_pdrop\": {embedded}, \"resid_pdrop\": {hidden}, \"attn_pdrop\": {probabilities}")
        : FormattableString.Invariant($"\"hidden_dropout\": {hidden}, \"attention_dropout\": {probabilities}");
}
