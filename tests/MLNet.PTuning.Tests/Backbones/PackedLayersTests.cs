// The hand-written layers against autograd's, in every vector width, and their dropout against finite differences.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class PackedLayersTests : IDisposable
{
    private const int PromptLength = 5;
    private static readonly int[] RowLengths = [1, 50, 3, 33, 8];

    private readonly ParityCase _case = new("bert-small-random", "a_encoder");
    private readonly FrozenBackbone.Lease _lease;

    public PackedLayersTests() => _lease = _case.Lease();

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
        using var packed = PackedLayers.Create(config, Embeddings(config), layers, 0, 0, halves: false);
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
        using PackedLayers floats = Packed(128, encoder.Config), halves = PackedInHalves(128, encoder.Config), broken = PackedInHalves(128, encoder.Config with { HiddenActivation = "gelu_new", HeadCount = 1 });

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
            using PackedLayers packed = bits == 256
                ? new PackedLayers<Lanes256, float>(config, Bert.EmbeddingsOf(config, weights), Bert.Layers(config, weights), 0, 0)
                : new PackedLayers<Lanes512, float>(config, Bert.EmbeddingsOf(config, weights), Bert.Layers(config, weights), 0, 0);
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
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    public void Parts_hold_every_row_once_and_in_order(int parts)
    {
        var random = new Random(parts);
        for (int trial = 0; trial < 500; trial++)
        {
            var starts = new int[1 + random.Next(1, 60)];
            for (int i = 1; i < starts.Length; i++) starts[i] = starts[i - 1] + random.Next(2, random.Next(3, 400));
            var batch = new PackedBatch(new int[starts[^1]], new int[starts[^1]], starts);
            int[] readPositions = [.. Enumerable.Range(0, starts[^1]).Where(_ => random.Next(3) == 0)];

            var ranges = new Pass(batch, readPositions, PromptState.None, 0, null).Split(parts);

            Assert.InRange(ranges.Length, 1, parts);
            Assert.Equal(Enumerable.Range(0, batch.RowCount), ranges.SelectMany(r => Enumerable.Range(r.First, r.Count)));
            Assert.Equal(starts[..^1], ranges.SelectMany(r => r.KeyStarts[..^1].Select(start => r.FirstPiece + start)));
            Assert.Equal(readPositions.Length, ranges.Sum(r => r.ReadCount));
            Assert.All(ranges, r => Assert.Equal(batch.StartsOf(readPositions)[r.First], r.FirstRead));
        }
    }

    [Fact]
    public void Two_parts_are_as_even_as_whole_rows_allow()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 500; trial++)
        {
            var starts = new int[1 + random.Next(2, 60)];
            for (int i = 1; i < starts.Length; i++) starts[i] = starts[i - 1] + random.Next(16, 400);
            int half = starts[^1] / 2;

            var ranges = new Pass(new PackedBatch(new int[starts[^1]], new int[starts[^1]], starts), [], PromptState.None, 0, null).Split(2);

            Assert.InRange(Math.Abs(ranges[0].PieceCount - half), 0, starts[1..^1].Min(end => Math.Abs(end - half)) + 1);
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

    public void Dispose()
    {
        _lease.Dispose();
        _case.Dispose();
    }

    private static PackedBatch Rows()
    {
        var random = new Random(1);
        int total = RowLengths.Sum();
        var starts = new int[RowLengths.Length + 1];
        for (int i = 0; i < RowLengths.Length; i++) starts[i + 1] = starts[i] + RowLengths[i];
        return new PackedBatch([.. Enumerable.Range(0, total).Select(_ => random.Next(200))], [.. Enumerable.Range(0, total).Select(_ => random.Next(2))], starts);
    }

    private (PromptState State, torch.Tensor Leaf) Prompt(double dropout)
    {
        var config = _lease.Backbone.Config;
        var leaf = (Random(PromptLength, 2L * config.LayerCount * config.HiddenSize, seed: 2) * 0.5).requires_grad_(true);
        return (StateOf(leaf, dropout), leaf);
    }

    private static PromptState StateOf(torch.Tensor table, double dropout) => new() { Prefix = table, Length = PromptLength, Dropout = dropout };

    // An encoder whose embedded rows are given.
    private sealed class Given(torch.Tensor embedded, BackboneConfig config, IReadOnlyList<LayerWeights> layers) : PostNormEncoder(config, null!, layers)
    {
        public override torch.Tensor Embed(PackedBatch batch, PromptState prompt, Dropout? dropout) => embedded;
    }

    private BackboneConfig Dropping => _lease.Backbone.Config with { HiddenDropout = 0.2, AttentionDropout = 0.3 };

    private IReadOnlyList<LayerWeights> Layers(BackboneConfig config) => Bert.Layers(config, new EncoderWeights(_ => true, (name, _) => _lease.Backbone.Weights[name]));

    private Embeddings Embeddings(BackboneConfig config) => Bert.EmbeddingsOf(config, new EncoderWeights(_ => true, (name, _) => _lease.Backbone.Weights[name]));

    private PackedLayers PackedInHalves(int bits, BackboneConfig config) => bits switch
    {
        128 => new PackedLayers<Lanes128, BFloat16>(config, Embeddings(config), Layers(config), 0, 0),
        256 => new PackedLayers<Lanes256, BFloat16>(config, Embeddings(config), Layers(config), 0, 0),
        _ => new PackedLayers<Lanes512, BFloat16>(config, Embeddings(config), Layers(config), 0, 0),
    };

    private static double RelativeDifference(torch.Tensor expected, torch.Tensor actual) => ((actual - expected).norm() / expected.norm()).item<float>();

    private PackedLayers Packed(int bits, BackboneConfig config)
    {
        var layers = Layers(config);
        return bits switch
        {
            128 => new PackedLayers<Lanes128, float>(config, Embeddings(config), layers, config.HiddenDropout, config.HiddenDropout),
            256 => new PackedLayers<Lanes256, float>(config, Embeddings(config), layers, config.HiddenDropout, config.HiddenDropout),
            _ => new PackedLayers<Lanes512, float>(config, Embeddings(config), layers, config.HiddenDropout, config.HiddenDropout),
        };
    }

    private static torch.Tensor Random(long rows, long columns, int seed)
    {
        using var factory = new ParameterFactory(seed, torch.CPU);
        using var leaf = factory.Normal(1, rows, columns);
        return leaf.detach().clone();
    }

    private static void AssertClose(torch.Tensor expected, torch.Tensor actual, double tolerance)
    {
        float[] e = ParameterFactory.ToArray(expected), a = ParameterFactory.ToArray(actual);
        Assert.Equal(e.Length, a.Length);
        double largest = Math.Max(1, e.Max(Math.Abs));
        for (int i = 0; i < e.Length; i++) Assert.True(Math.Abs(e[i] - a[i]) <= tolerance * largest, $"element {i}: expected {e[i]}, got {a[i]}");
    }
}
