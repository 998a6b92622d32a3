// The loss over labeled positions alone, as token labeling computes it, against the reference's loss over all of them.
using MLNet.PTuning.Tasks;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public class TokenLabelingParityTests
{
    [Fact]
    public void Reading_only_labeled_positions_gives_the_recorded_loss()
    {
        using var recorded = new ParityCase("bert-small-random", "d_prefix_tokencls");
        using var model = recorded.Model(new DeepPrompt { Length = 5 }, classes: 5, pools: false);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var everywhere = recorded.LabelingBatch();
        int[] labeled = [.. Enumerable.Range(0, everywhere.Targets.Length).Where(i => everywhere.Targets[i] != Example.NoTarget)];
        Assert.InRange(labeled.Length, 1, everywhere.Targets.Length - 1);
        var batch = everywhere with { ReadPositions = [.. labeled.Select(i => everywhere.ReadPositions[i])], Targets = [.. labeled.Select(i => everywhere.Targets[i])] };
        var loss = torch.nn.functional.cross_entropy(model.Logits(batch, null), torch.tensor(Array.ConvertAll(batch.Targets, t => (long)t)));
        Assert.Equal(recorded.Values("out.loss")[0], loss.item<float>(), 1e-5);
    }
}
