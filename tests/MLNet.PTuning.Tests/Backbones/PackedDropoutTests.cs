// Dropout of the hand-written layers: against finite differences, the same masks for the same step, and none where it is not asked for.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class PackedDropoutTests : PackedLayersCase
{
    [Fact]
    public void Under_dropout_the_gradient_is_that_of_the_masked_function()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var encoder = _lease.Backbone.Encoder;
        var (config, batch) = (Dropping, Rows());
        int[] readPositions = batch.RowStarts[..^1];
        using var dropout = new Dropout(7, torch.CPU, inBackbone: true);
        dropout.StartStep(1);
        using var packed = Packed(512, config);
        var (_, leaf) = Prompt(0.25);
        var embedded = encoder.Embed(batch, StateOf(leaf, 0.25), null);
        var weight = Random(readPositions.Length, config.HiddenSize, seed: 4);
        var direction = Random(PromptLength, leaf.shape[1], seed: 5);

        Loss(leaf, keep: true);
        double predicted = (packed.Backward(weight, toEmbedded: false).Prefix! * direction).sum().item<float>();

        const double Step = 0.02;
        double measured = (Loss(leaf + direction * Step, keep: false) - Loss(leaf - direction * Step, keep: false)) / (2 * Step);
        Assert.Equal(measured, predicted, Math.Abs(measured) * 0.01 + 0.01);

        double Loss(torch.Tensor table, bool keep) =>
            (packed.Forward(embedded, batch, readPositions, StateOf(table, 0.25), dropout, keep) * weight).sum().item<float>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Dropout_outside_the_backbone_alone_leaves_its_hidden_states_as_in_prediction(bool byOperators)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var (config, batch) = (Dropping, Rows());
        int[] readPositions = batch.RowStarts[..^1];
        using var outside = new Dropout(7, torch.CPU, inBackbone: false);
        using var everywhere = new Dropout(7, torch.CPU, inBackbone: true);
        outside.StartStep(1);
        everywhere.StartStep(1);
        using var packed = Packed(512, config);
        using var operators = new PostNormEncoder(config, Embeddings(config), Layers(config));

        var predicted = Hidden(null, 0.25);
        AssertClose(predicted, Hidden(outside, 0), 1e-6);
        Assert.NotEqual(ParameterFactory.ToArray(predicted), ParameterFactory.ToArray(Hidden(outside, 0.25)));
        Assert.NotEqual(ParameterFactory.ToArray(predicted), ParameterFactory.ToArray(Hidden(everywhere, 0)));

        torch.Tensor Hidden(Dropout? dropout, double ofPrompt) => byOperators
            ? operators.Forward(batch, readPositions, Prompt(ofPrompt).State, dropout)
            : packed.Forward(null, batch, readPositions, Prompt(ofPrompt).State, dropout, keep: false);
    }

    [Fact]
    public void A_step_has_the_same_masks_again_and_another_step_has_others()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var encoder = _lease.Backbone.Encoder;
        var batch = Rows();
        int[] readPositions = batch.RowStarts[..^1];
        using var packed = Packed(256, encoder.Config with { HiddenDropout = 0.1, AttentionDropout = 0.1 });
        using var dropout = new Dropout(1, torch.CPU, inBackbone: true);

        float[] first = At(1), second = At(2), again = At(1);

        Assert.Equal(first, again);
        Assert.NotEqual(first, second);

        float[] At(long step)
        {
            dropout.StartStep(step);
            return ParameterFactory.ToArray(packed.Forward(null, batch, readPositions, PromptState.None, dropout, keep: false));
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public unsafe void A_mask_drops_by_its_probability_and_keeps_the_mean(double probability)
    {
        const int Count = 1 << 16;
        var mask = new DropMask(probability, step: 3, site: 2);
        var values = new float[Count];
        fixed (float* at = values)
            for (int i = 0; i < Count; i += Lanes128.Count) Lanes128.Mask(mask.RowSeed(0), (uint)i, mask.Threshold, mask.Kept).Store(at + i);

        Assert.Equal(probability, values.Count(v => v == 0) / (double)Count, 0.01);
        Assert.Equal(1, values.Average(), 0.02);
    }
}
