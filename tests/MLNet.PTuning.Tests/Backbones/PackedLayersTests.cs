// The hand-written layers against autograd's, in every vector width.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class PackedLayersTests : PackedLayersCase
{
    [Theory]
    [InlineData(128, true)]
    [InlineData(256, true)]
    [InlineData(512, true)]
    [InlineData(512, false)]
    public void Hidden_states_and_the_prompts_gradient_equal_autograds(int bits, bool firstTokensOnly)
    {
        using var scope = torch.NewDisposeScope();
        var encoder = _lease.Backbone.Encoder;
        var batch = Rows();
        int[] readPositions = firstTokensOnly ? batch.RowStarts[..^1] : [.. Enumerable.Range(0, batch.Ids.Length)];
        var weight = Random(readPositions.Length, encoder.Config.HiddenSize, seed: 3);

        var (prompt, leaf) = Prompt(dropout: 0);
        var expected = encoder.Forward(batch, readPositions, prompt, null);
        (expected * weight).sum().backward();
        using var packed = Packed(bits, encoder.Config);
        var actual = packed.Forward(null, batch, readPositions, prompt, null, keep: true);
        var (gradient, _) = packed.Backward(weight, toEmbedded: false);

        AssertClose(expected, actual, 1e-5);
        AssertClose(leaf.grad!, gradient!, 2e-5);
    }

    [Theory]
    [InlineData("gelu")]
    [InlineData("gelu_new")]
    public void The_embedded_rows_gradient_equals_autograds(string activation)
    {
        using var scope = torch.NewDisposeScope();
        var config = _lease.Backbone.Config with { HiddenActivation = activation };
        var layers = Layers(config);
        var batch = Rows();
        int[] readPositions = [0, 1, 30, 50, 80];
        var weight = Random(readPositions.Length, config.HiddenSize, seed: 3);
        var (prompt, leaf) = Prompt(dropout: 0);
        var embedded = Random(batch.Ids.Length, config.HiddenSize, seed: 6).requires_grad_(true);
        var encoder = new Given(embedded, config, layers);

        var expected = encoder.Forward(batch, readPositions, prompt, null);
        (expected * weight).sum().backward();
        using var packed = PackedLayers.Create(new(config, Embeddings(config), layers), halves: false);
        var actual = packed.Forward(embedded, batch, readPositions, prompt, null, keep: true);
        var (ofPrefix, ofEmbedded) = packed.Backward(weight, toEmbedded: true);

        AssertClose(expected, actual, 1e-5);
        AssertClose(embedded.grad!, ofEmbedded!, 2e-5);
        AssertClose(leaf.grad!, ofPrefix!, 2e-5);
    }

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(512)]
    public void Bfloat16_changes_states_and_gradient_by_rounding_alone(int bits)
    {
        using var scope = torch.NewDisposeScope();
        var encoder = _lease.Backbone.Encoder;
        var batch = Rows();
        int[] readPositions = batch.RowStarts[..^1];
        var weight = Random(readPositions.Length, encoder.Config.HiddenSize, seed: 3);
        var (prompt, leaf) = Prompt(dropout: 0);
        var embedded = encoder.Embed(batch, prompt, null);
        using PackedLayers floats = Packed(bits, encoder.Config), halves = PackedInHalves(bits, encoder.Config);

        var expected = floats.Forward(embedded, batch, readPositions, prompt, null, keep: true);
        var actual = halves.Forward(embedded, batch, readPositions, prompt, null, keep: true);
        var (expectedGradient, actualGradient) = (floats.Backward(weight, false).Prefix!, halves.Backward(weight, false).Prefix!);

        Assert.InRange(RelativeDifference(expected, actual), 1e-5, 0.02);
        Assert.InRange(RelativeDifference(expectedGradient, actualGradient), 1e-5, 0.04);
    }

    [Fact]
    public void Auto_takes_bfloat16_where_the_processor_multiplies_it_and_the_first_batch_allows_it()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var encoder = _lease.Backbone.Encoder;
        var batch = Rows();
        int[] readPositions = batch.RowStarts[..^1];
        var embedded = encoder.Embed(batch, PromptState.None, null);
        using PackedLayers floats = Packed(128, encoder.Config), halves = PackedInHalves(128, encoder.Config), broken = PackedInHalves(128, encoder.Config with { HiddenActivation = "gelu_new", HeadCount = 1, KeyValueHeads = 1, HeadSize = encoder.Config.HiddenSize });

        Assert.Equal(PackedEngines.ProcessorMultipliesBFloat16, ReferenceEquals(halves, Choose(halves)));
        Assert.Same(floats, Choose(broken));

        PackedLayers Choose(PackedLayers second) => new PackedEngines(halves => halves ? second : floats).For(Precision.Auto, engine => engine.Forward(embedded, batch, readPositions, PromptState.None, null, keep: false));
    }

    [Fact]
    public void Without_a_prompt_hidden_states_equal_autograds()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var encoder = _lease.Backbone.Encoder;
        var batch = Rows();
        int[] readPositions = batch.RowStarts[..^1];
        using var packed = Packed(256, encoder.Config);

        AssertClose(encoder.Forward(batch, readPositions, PromptState.None, null), packed.Forward(encoder.Embed(batch, PromptState.None, null), batch, readPositions, PromptState.None, null, keep: false), 1e-5);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(1 << 20, 0)]
    [InlineData(5, 1 << 20)]
    public void A_piece_or_position_beyond_the_embeddings_is_refused(int id, int promptLength)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var config = _lease.Backbone.Config;
        using var packed = Packed(256, config);
        var prompt = promptLength == 0 ? PromptState.None : new PromptState { Prefix = torch.zeros(8, 2L * config.LayerCount * config.HiddenSize), Length = promptLength };

        var error = Assert.Throws<ArgumentOutOfRangeException>(() => packed.Forward(null, new PackedBatch([id], [0], [0, 1]), [0], prompt, null, keep: false));
        Assert.Matches("have [0-9]+ rows for a (word piece|position)", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void What_is_kept_of_the_first_layer_changes_no_bit(double dropProbability)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var config = _lease.Backbone.Config with { HiddenDropout = dropProbability };
        var (batch, prompt) = (Rows(), Prompt(dropout: 0).State);
        var others = new PackedBatch([.. batch.Ids.Select((id, i) => i % 3 == 0 ? id + 1 : id)], batch.Types, batch.RowStarts);
        using var dropout = new Dropout(1, torch.CPU, inBackbone: true);
        using PackedLayers keeping = Packed(512, config), fresh = Packed(512, config);

        Pass(keeping, others, step: 1);
        Pass(keeping, batch, step: 2);
        Assert.Equal(Pass(fresh, batch, step: 3), Pass(keeping, batch, step: 3));
        keeping.Trim();
        Assert.Equal(Pass(fresh, others, step: 4), Pass(keeping, others, step: 4));

        float[] Pass(PackedLayers layers, PackedBatch rows, long step)
        {
            if (layers == fresh) fresh.Trim();
            dropout.StartStep(step);
            int[] readPositions = rows.RowStarts[..^1];
            var hidden = layers.Forward(null, rows, readPositions, prompt, dropout, keep: true);
            var (gradient, _) = layers.Backward(Random(readPositions.Length, config.HiddenSize, seed: 3), toEmbedded: false);
            return [.. ParameterFactory.ToArray(hidden), .. ParameterFactory.ToArray(gradient!)];
        }
    }

    [Theory]
    [InlineData(256)]
    [InlineData(512)]
    public void A_row_alone_on_all_cores_has_the_bits_that_it_has_in_a_batch(int bits)
    {
        // Of a size at which one row is worth several threads.
        using var lease = FrozenBackbone.Use(RealBackbones.Folder(RealBackbones.MiniLm), torch.CPU);
        var (config, weights) = (lease.Backbone.Config, new EncoderWeights(_ => true, (name, _) => lease.Backbone.Weights[name]));
        float[][] alone = [], together = [];
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            using var packed = Of<float>(bits, new(config, Bert.EmbeddingsOf(config, weights), Bert.Layers(config, weights)));
            var prompt = StateOf(Random(PromptLength, 2L * config.LayerCount * config.HiddenSize, seed: 2), 0);
            var batch = Rows();
            ComputeThread.UseThreads(1);
            together = [.. Hidden(batch).Chunk(config.HiddenSize)];
            ComputeThread.UseThreads(3);
            alone = [.. Enumerable.Range(0, batch.RowCount).SelectMany(row => Hidden(Row(batch, row)).Chunk(config.HiddenSize))];

            float[] Hidden(PackedBatch rows) => ParameterFactory.ToArray(packed.Forward(null, rows, [.. Enumerable.Range(0, rows.Ids.Length)], prompt, null, keep: false));
        });

        Assert.Equal(together, alone);

        static PackedBatch Row(PackedBatch batch, int row)
        {
            var range = batch.RowStarts[row]..batch.RowStarts[row + 1];
            return new PackedBatch(batch.Ids[range], batch.Types[range], [0, batch.Ids[range].Length]);
        }
    }

    [Fact]
    public void Prediction_keeps_nothing_for_a_backward_pass()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();

        Assert.Null(_lease.Backbone.Encoder.Run(Rows(), [0], Prompt(dropout: 0).State, null, Precision.Float32).BackwardToPrompt);
    }
}
