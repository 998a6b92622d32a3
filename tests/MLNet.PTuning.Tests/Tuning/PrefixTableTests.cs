// The prefix table: ChatGLM's prefix encoder, whose keys and values have fewer heads than its queries, against an independent computation.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tuning;

public class PrefixTableTests
{
    [Fact]
    public void ChatGLMs_prefix_encoder_gives_each_layer_the_keys_and_values_of_its_groups()
    {
        const int length = 4, layers = 3, channels = 6, groups = 2, hidden = 10, heads = 4;
        const int kv = layers * channels * groups * 2;
        using var recorded = WeightFile.Open(Shared.Fixture("methods", "chatglm_prefix.safetensors"));
        using var scope = torch.NewDisposeScope();
        var table = PrefixTable.Network(length, layers, width: groups * channels, embedding: kv, inner: hidden,
            (name, shape) => ParameterFactory.From(recorded.ReadFloats("param." + name), shape, torch.CPU));

        Assert.Equal(["prefix_encoder.embedding.weight", "prefix_encoder.trans.0.bias", "prefix_encoder.trans.0.weight", "prefix_encoder.trans.2.bias", "prefix_encoder.trans.2.weight"],
            table.Parameters.Select(p => p.Name).Order());
        foreach (var parameter in table.Parameters) Assert.Equal(recorded.Entries["param." + parameter.Name].Shape, parameter.Value.shape);
        Assert.Equal([length, kv], table.Output().shape);
        var state = new PromptState { Prefix = table.Output(), Length = length };
        for (int l = 0; l < layers; l++)
        {
            var (keys, values) = state.PrefixOf(l, groups * channels)!.Value;
            AssertClose(recorded.ReadFloats($"out.{l}.keys"), keys);
            AssertClose(recorded.ReadFloats($"out.{l}.values"), values);
            // Grouped attention: neighboring query heads share the keys of one group.
            var ofQueryHeads = keys.view(length, groups, 1, channels).expand(length, groups, heads / groups, channels).reshape(length, heads, channels);
            AssertClose(recorded.ReadFloats($"out.{l}.keys_of_query_heads"), ofQueryHeads);
        }
    }

    private static void AssertClose(float[] expected, torch.Tensor actual)
    {
        float[] values = ParameterFactory.ToArray(actual);
        Assert.Equal(expected.Length, values.Length);
        Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }
}
