// A backbone in 8 bits: near the same one in floats, with the gradient of the rounded function, a quarter of its memory, and refused where it cannot be.
using System.Text.Json.Nodes;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class Int8BackboneTests : IDisposable
{
    private const int PromptLength = 5;
    private static readonly int[] RowLengths = [1, 30, 3, 23, 8];

    private readonly ParityCase _case = new("bert-small-random", "a_encoder");
    private readonly FrozenBackbone.Lease _floats, _int8;

    public Int8BackboneTests()
    {
        _floats = _case.Lease();
        _int8 = FrozenBackbone.Use(_floats.Backbone.Folder.Path, torch.CPU, Precision.Int8);
    }

    [Fact]
    public void States_and_the_prompts_gradient_are_near_those_of_floats_and_not_the_same()
    {
        using var scope = torch.NewDisposeScope();
        var (expected, expectedGradient) = Pass(_floats.Backbone, Precision.Float32);
        var (actual, actualGradient) = Pass(_int8.Backbone, Precision.Int8);

        Assert.InRange(RelativeDifference(expected, actual), 1e-4, 0.05);
        Assert.InRange(RelativeDifference(expectedGradient, actualGradient), 1e-4, 0.15);
    }

    [Fact]
    public void States_and_the_prompts_gradient_are_those_of_rounded_weights_and_activations_whose_rounding_gradients_go_straight_through()
    {
        using var scope = torch.NewDisposeScope();
        var (actual, actualGradient) = Pass(_int8.Backbone, Precision.Int8);

        var (batch, prompt) = (Rows(), Prompt(_int8.Backbone.Config, out var leaf));
        var reference = new StraightThrough(_int8.Backbone.Config, Bert.EmbeddingsOf(_int8.Backbone.Config, Weights()), Bert.Layers(_int8.Backbone.Config, Weights()));
        var expected = reference.Forward(batch, batch.RowStarts[..^1], prompt, null);
        (expected * Random(RowLengths.Length, expected.shape[1], seed: 3)).sum().backward();

        // A value in the middle of two steps may be rounded up here and down there, which is all the difference: far less than that to floats.
        var (floats, floatGradient) = Pass(_floats.Backbone, Precision.Float32);
        Assert.InRange(RelativeDifference(expected, actual), 0, RelativeDifference(floats, actual) / 2);
        Assert.InRange(RelativeDifference(leaf.grad!, actualGradient), 0, RelativeDifference(floatGradient, actualGradient) / 2);
    }

    [Theory]
    [InlineData("roberta-small-random")]
    [InlineData("distilbert")]
    [InlineData("electra")]
    [InlineData("albert")]
    public void Every_family_of_plain_attention_is_near_its_floats(string model)
    {
        using var scope = torch.NewDisposeScope();
        using var recorded = new ParityCase(model, "b_prefix_seqcls");
        using var floats = recorded.Lease();
        using var int8 = FrozenBackbone.Use(floats.Backbone.Folder.Path, torch.CPU, Precision.Int8);
        var (expected, expectedGradient) = Pass(floats.Backbone, Precision.Float32);
        var (actual, actualGradient) = Pass(int8.Backbone, Precision.Int8);

        Assert.InRange(RelativeDifference(expected, actual), 1e-4, 0.05);
        Assert.InRange(RelativeDifference(expectedGradient, actualGradient), 1e-4, 0.15);
    }

    [Fact]
    public void Attention_with_relative_positions_is_refused()
    {
        using var recorded = new ParityCase("deberta-v2", "b_prefix_seqcls");
        using var floats = recorded.Lease();
        string message = Assert.Throws<NotSupportedException>(() => FrozenBackbone.Use(floats.Backbone.Folder.Path, torch.CPU, Precision.Int8)).Message;
        Assert.Contains("deberta-v2", message);
    }

    [Fact]
    public void A_rows_states_are_the_same_to_the_bit_alone_and_in_a_batch()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var (encoder, batch, prompt) = (_int8.Backbone.Encoder, Rows(), Prompt(_int8.Backbone.Config, out _));
        float[] together = ParameterFactory.ToArray(encoder.Run(batch, batch.RowStarts[..^1], prompt, null, Precision.Int8).Hidden);
        for (int row = 0; row < batch.RowCount; row++)
        {
            int from = batch.RowStarts[row], to = batch.RowStarts[row + 1], width = encoder.Config.HiddenSize;
            var alone = new PackedBatch(batch.Ids[from..to], batch.Types[from..to], [0, to - from]);
            Assert.Equal(together[(row * width)..((row + 1) * width)], ParameterFactory.ToArray(encoder.Run(alone, [0], prompt, null, Precision.Int8).Hidden));
        }
    }

    [Fact]
    public void It_is_held_once_beside_the_same_one_in_floats_and_released_by_the_last()
    {
        string folder = _floats.Backbone.Folder.Path;
        torch.Tensor words;
        using (var second = FrozenBackbone.Use(folder, torch.CPU, Precision.Int8))
        {
            Assert.Same(_int8.Backbone, second.Backbone);
            Assert.NotSame(_floats.Backbone, second.Backbone);
            words = second.Backbone.Encoder.WordEmbeddings.Values;
            Assert.Equal(torch.ScalarType.Int8, words.dtype);
        }
        Assert.False(words.IsInvalid);
        _int8.Dispose();
        Assert.True(words.IsInvalid);
        Assert.False(_floats.Backbone.Encoder.WordEmbeddings.Values.IsInvalid);
    }

    [Fact]
    public void It_counts_the_parameters_of_floats()
    {
        Assert.Equal(_floats.Backbone.ParameterCount, _int8.Backbone.ParameterCount);
        Assert.Equal(_floats.Backbone.Notices, _int8.Backbone.Notices);
    }

    [Fact]
    public void A_real_backbone_takes_less_than_35_percent_of_the_memory_of_its_floats()
    {
        string folder = RealBackbones.Folder(RealBackbones.MiniLm);
        using var backbone = FrozenBackbone.Use(folder, torch.CPU, Precision.Int8);
        Assert.InRange(backbone.Backbone.WeightBytes, backbone.Backbone.ParameterCount, 4 * backbone.Backbone.ParameterCount * 35 / 100);
    }

    [Theory]
    [InlineData("hidden_act", "relu")]
    [InlineData("intermediate_size", 30)]
    public void A_backbone_whose_layers_have_no_8_bit_products_is_refused(string field, object value)
    {
        using var backbone = new TinyBackbone();
        backbone.SetConfig(field, value is string text ? JsonValue.Create(text) : JsonValue.Create((int)value));
        if (field == "intermediate_size")
            backbone.ChangeWeights(t => t.Name.Contains("intermediate.dense.weight") ? new(t.Name, [30, TinyBackbone.Hidden], t.Floats[..(30 * TinyBackbone.Hidden)])
                : t.Name.Contains("intermediate.dense.bias") ? new(t.Name, [30], t.Floats[..30])
                : t.Name.Contains("output.dense.weight") && !t.Name.Contains("attention") ? new(t.Name, [TinyBackbone.Hidden, 30], t.Floats[..(30 * TinyBackbone.Hidden)]) : t);

        string message = Assert.Throws<NotSupportedException>(() => FrozenBackbone.Use(backbone.Path, torch.CPU, Precision.Int8)).Message;
        Assert.Contains(value.ToString()!, message);
        Assert.Contains("Precision.Float32", message);
        FrozenBackbone.Use(backbone.Path, torch.CPU).Dispose();
    }

    [Fact]
    public void Another_device_is_refused()
    {
        string message = Assert.Throws<NotSupportedException>(() => FrozenBackbone.Use(_floats.Backbone.Folder.Path, torch.META, Precision.Int8)).Message;
        Assert.Contains("meta", message);
    }

    public void Dispose()
    {
        _floats.Dispose();
        _int8.Dispose();
        _case.Dispose();
    }

    private static (torch.Tensor Hidden, torch.Tensor Gradient) Pass(FrozenBackbone backbone, Precision precision)
    {
        var (batch, prompt) = (Rows(), Prompt(backbone.Config, out var leaf));
        var pass = backbone.Encoder.Run(batch, batch.RowStarts[..^1], prompt, null, precision);
        (pass.Hidden * Random(RowLengths.Length, pass.Hidden.shape[1], seed: 3)).sum().backward();
        pass.Backward();
        return (pass.Hidden, leaf.grad!);
    }

    // The backbone's weights, rounded to 8 bits and as floats again.
    private EncoderWeights Weights() => new(_ => true, (name, shape) =>
    {
        var weight = _floats.Backbone.Weights[name];
        if (shape.Length < 2) return weight;
        float[] values = ParameterFactory.ToArray(weight);
        if (name.Contains("embeddings"))
        {
            var table = EmbeddingTable.Int8Of(values, (int)shape[0], (int)shape[1]);
            using (table.Values) using (table.Scales) return table.Rows([.. Enumerable.Range(0, table.RowCount).Select(i => (long)i)]);
        }
        using var matrix = Int8Matrix.Of(values, (int)shape[0], (int)shape[1]);
        return matrix.ToFloats();
    });

    private static PackedBatch Rows()
    {
        var random = new Random(1);
        int total = RowLengths.Sum();
        var starts = new int[RowLengths.Length + 1];
        for (int i = 0; i < RowLengths.Length; i++) starts[i + 1] = starts[i] + RowLengths[i];
        return new PackedBatch([.. Enumerable.Range(0, total).Select(_ => random.Next(200))], [.. Enumerable.Range(0, total).Select(_ => random.Next(2))], starts);
    }

    private static PromptState Prompt(BackboneConfig config, out torch.Tensor leaf)
    {
        leaf = (Random(PromptLength, 2L * config.LayerCount * config.HiddenSize, seed: 2) * 0.5).requires_grad_(true);
        return new() { Prefix = leaf, Length = PromptLength };
    }

    private static torch.Tensor Random(long rows, long columns, int seed)
    {
        using var factory = new ParameterFactory(seed, torch.CPU);
        using var leaf = factory.Normal(1, rows, columns);
        return leaf.detach().clone();
    }

    private static double RelativeDifference(torch.Tensor expected, torch.Tensor actual) => ((actual - expected).norm() / expected.norm()).item<float>();

    // A layer by libtorch's operators whose linear layers round their input.
    private sealed class StraightThrough(BackboneConfig config, Embeddings embeddings, IReadOnlyList<LayerWeights> layers) : PostNormEncoder(config, embeddings, layers)
    {
        private readonly BackboneConfig _config = config;
        private readonly IReadOnlyList<LayerWeights> _layers = layers;

        public override torch.Tensor Layer(int index, torch.Tensor hidden, IAttention layout, PromptState prompt, Dropout? dropout, torch.Tensor? readPositions)
        {
            var w = _layers[index];
            var selected = readPositions is null ? hidden : hidden.index_select(0, readPositions);
            var context = layout.Attend(Apply(w.Query, selected), Apply(w.Key, hidden), Apply(w.Value, hidden), prompt.PrefixOf(index, _config.HiddenSize), _config.HeadCount, null, null);
            var attended = w.AttentionNorm.Apply(Apply(w.AttentionOutput, context) + selected);
            return w.OutputNorm.Apply(Apply(w.Output, torch.nn.functional.gelu(Apply(w.Intermediate, attended))) + attended);
        }

        private static torch.Tensor Apply(Linear linear, torch.Tensor x) => linear.Apply(x + (Rounded(x) - x).detach());

        private static unsafe torch.Tensor Rounded(torch.Tensor x)
        {
            float[] values = ParameterFactory.ToArray(x);
            int width = (int)x.shape[1];
            var bytes = new byte[width];
            for (int row = 0; row < values.Length; row += width)
                fixed (float* from = values)
                fixed (byte* to = bytes)
                {
                    Int8Product<Lanes128>.RoundRow(from + row, to, width, out float scale, out int zero);
                    for (int i = 0; i < width; i++) from[row + i] = scale * (bytes[i] - zero);
                }
            return torch.tensor(values).view(x.shape);
        }
    }
}
