// The rival on BERT: P-Tuning v2 as its authors' code computes it.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <inheritdoc/>
internal sealed class AuthorsComputation(FrozenBackbone backbone, IReadOnlyList<Parameter> trained, SpeedWorkload workload) : PaddedComputation(backbone, trained, workload)
{
    protected override torch.Tensor Logits(PaddedRows rows)
    {
        long batch = rows.Ids.shape[0], longest = rows.Ids.shape[1], length = Workload.PromptLength;
        var hidden = Norm("embeddings.LayerNorm", Embedding(rows.Ids, Frozen("embeddings.word_embeddings.weight"))
            .Plus(Embedding(torch.zeros_like(rows.Ids), Frozen("embeddings.token_type_embeddings.weight")))
            .Plus(Embedding(torch.arange(length, length + longest), Frozen("embeddings.position_embeddings.weight"))));
        var mask = torch.cat([torch.ones(batch, length), rows.Mask], 1).unsqueeze(1).unsqueeze(1).Times(-1).Plus(1).Times(-10000);
        var positions = torch.arange(length).unsqueeze(0).expand(batch, -1);
        // Chunks 2l and 2l + 1 are layer l's keys and values: [2, B, heads, P, d].
        var past = Embedding(positions, Prefix).view(batch, length, 2 * Workload.Shape.Layers, Workload.Shape.Heads, -1).permute(2, 0, 3, 1, 4).split(2);
        for (int layer = 0; layer < Workload.Shape.Layers; layer++)
        {
            string name = $"encoder.layer.{layer}.";
            var attended = Norm(name + "attention.output.LayerNorm", Linear(name + "attention.output.dense", Attend(name + "attention.self.", hidden, mask, past[layer])).Plus(hidden));
            var widened = functional.gelu(Linear(name + "intermediate.dense", attended));
            hidden = Norm(name + "output.LayerNorm", Linear(name + "output.dense", widened).Plus(attended));
        }
        return functional.linear(Linear("pooler.dense", hidden.select(1, 0)).tanh(), HeadWeight, HeadBias);
    }

    private torch.Tensor Attend(string name, torch.Tensor hidden, torch.Tensor mask, torch.Tensor past)
    {
        var query = Heads(Linear(name + "query", hidden));
        var key = torch.cat([past.select(0, 0), Heads(Linear(name + "key", hidden))], 2);
        var value = torch.cat([past.select(0, 1), Heads(Linear(name + "value", hidden))], 2);
        var scores = torch.matmul(query, key.transpose(-1, -2)).Times(1 / Math.Sqrt(query.shape[^1])).Plus(mask);
        return torch.matmul(functional.softmax(scores, -1), value).permute(0, 2, 1, 3).contiguous().view(hidden.shape);
    }

    private torch.Tensor Heads(torch.Tensor x) => x.view(x.shape[0], x.shape[1], Workload.Shape.Heads, -1).permute(0, 2, 1, 3);

    private torch.Tensor Linear(string name, torch.Tensor x) => functional.linear(x, Frozen(name + ".weight"), Frozen(name + ".bias"));

    private torch.Tensor Norm(string name, torch.Tensor x) =>
        functional.layer_norm(x, [x.shape[^1]], Frozen(name + ".weight"), Frozen(name + ".bias"), Backbone.Config.LayerNormEpsilon);
}
