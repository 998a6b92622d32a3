// The rival on a Llama: a prefix before every layer's keys and values as Hugging Face's code computes it with past_key_values, with libtorch's fused attention.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <inheritdoc/>
internal sealed class LlamaComputation(FrozenBackbone backbone, IReadOnlyList<Parameter> trained, SpeedWorkload workload) : PaddedComputation(backbone, trained, workload)
{
    protected override torch.Tensor Logits(PaddedRows rows)
    {
        long batch = rows.Ids.shape[0], longest = rows.Ids.shape[1], length = Workload.PromptLength, heads = Workload.Shape.Heads, keyHeads = Workload.Shape.KeyHeads!.Value;
        var hidden = Embedding(rows.Ids, Frozen("embed_tokens.weight"));
        var (cos, sin) = Turns(length, longest, Workload.Shape.Hidden / (int)heads);
        // [B, 1, S, P + S]: nothing for the prefix and for word pieces up to the query's own, −∞ for later ones and padding.
        var seen = torch.ones(longest, longest).tril() * rows.Mask.unsqueeze(1);
        var mask = torch.cat([torch.ones(batch, longest, length), seen], 2).unsqueeze(1).log();
        var past = Prefix.view(length, 2 * Workload.Shape.Layers, keyHeads, -1).permute(1, 2, 0, 3);
        for (int layer = 0; layer < Workload.Shape.Layers; layer++)
        {
            string name = $"layers.{layer}.";
            var normed = Norm(name + "input_layernorm", hidden);
            var query = Rotate(Heads(Linear(name + "self_attn.q_proj", normed), heads), cos, sin);
            var key = WithPast(2 * layer, Rotate(Heads(Linear(name + "self_attn.k_proj", normed), keyHeads), cos, sin));
            var value = WithPast(2 * layer + 1, Heads(Linear(name + "self_attn.v_proj", normed), keyHeads));
            var mixed = functional.scaled_dot_product_attention(query, key, value, mask);
            hidden = hidden.Plus(Linear(name + "self_attn.o_proj", mixed.transpose(1, 2).reshape(batch, longest, -1)));
            normed = Norm(name + "post_attention_layernorm", hidden);
            hidden = hidden.Plus(Linear(name + "mlp.down_proj", functional.silu(Linear(name + "mlp.gate_proj", normed)) * Linear(name + "mlp.up_proj", normed)));
        }
        var last = rows.Mask.sum(1).Plus(-1).to_type(torch.ScalarType.Int64);
        return functional.linear(Norm("norm", hidden[torch.arange(batch), last]), HeadWeight, HeadBias);

        // Each key head repeated for its query heads.
        torch.Tensor WithPast(int chunk, torch.Tensor own) =>
            torch.cat([past.select(0, chunk).unsqueeze(0).expand(batch, -1, -1, -1), own], 2).repeat_interleave(heads / keyHeads, 1);
    }

    private (torch.Tensor Cos, torch.Tensor Sin) Turns(long first, long count, int size)
    {
        var frequencies = torch.tensor(Enumerable.Range(0, size / 2).Select(i => (float)(1 / Math.Pow(10000, 2.0 * i / size))).ToArray());
        var angles = torch.arange(first, first + count).to_type(torch.ScalarType.Float32).unsqueeze(1) * torch.cat([frequencies, frequencies]).unsqueeze(0);
        return (angles.cos(), angles.sin());
    }

    private static torch.Tensor Rotate(torch.Tensor x, torch.Tensor cos, torch.Tensor sin)
    {
        long half = x.shape[3] / 2;
        return (x * cos).Plus(torch.cat([x.narrow(3, half, half).neg(), x.narrow(3, 0, half)], 3) * sin);
    }

    private static torch.Tensor Heads(torch.Tensor x, long heads) => x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2);

    private torch.Tensor Linear(string name, torch.Tensor x) => functional.linear(x, Frozen(name + ".weight"));

    private torch.Tensor Norm(string name, torch.Tensor x) => Frozen(name + ".weight") * (x * (x * x).mean([-1], keepdim: true).Plus(Backbone.Config.LayerNormEpsilon).rsqrt());
}
