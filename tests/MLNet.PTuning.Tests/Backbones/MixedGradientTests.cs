// The backward pass of rows with several prompts: each prompt has the gradient that it has in a pass with its rows alone.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class MixedGradientTests : PackedLayersCase
{
    // Rows of each prompt: prompts of 5 and 2 vectors, none, hidden states of its own, and one more of 5 for a single row.
    private static readonly (int Rows, int Length, bool IsEmbedded)[] Runs = [(2, 5, false), (1, 0, false), (3, 2, false), (2, 0, true), (1, 5, false)];
    private static readonly int[] RowLengths = [1, 50, 3, 33, 8, 20, 12, 2, 17];

    [Theory]
    [InlineData(256, false, false)]
    [InlineData(256, false, true)]
    [InlineData(512, false, true)]
    [InlineData(512, true, false)]
    [InlineData(512, true, true)]
    public void On_one_core_every_prompt_has_the_bits_that_it_has_alone(int bits, bool dropping, bool firstTokensOnly) =>
        AssertAsAlone(() => Packed(bits, dropping ? Dropping : _lease.Backbone.Config), _lease.Backbone.Config, threads: 1, dropping, firstTokensOnly, 0);

    [Theory]
    [InlineData(512, 2)]
    [InlineData(512, 3)]
    [InlineData(128, 1)]
    public void On_several_cores_and_with_libtorch_s_products_only_the_order_of_sums_differs(int bits, int threads) =>
        AssertAsAlone(() => Packed(bits, Dropping), _lease.Backbone.Config, threads, dropping: true, firstTokensOnly: true, 2e-6);

    [Theory]
    [InlineData(128)]
    [InlineData(512)]
    public void In_bfloat16_a_prompt_s_gradient_differs_by_rounding_alone(int bits) =>
        AssertAsAlone(() => PackedInHalves(bits, _lease.Backbone.Config), _lease.Backbone.Config, threads: 1, dropping: false, firstTokensOnly: true, 0.02);

    [Theory]
    [InlineData("llama", false)]
    [InlineData("gpt2", false)]
    [InlineData("gpt2", true)]
    [InlineData("llama", true)]
    public void A_decoder_s_prompts_have_the_bits_that_they_have_alone(string form, bool isInt8)
    {
        using var decoder = new RandomDecoder(form, form == "gpt2" ? "\"embd_pdrop\": 0.1, \"resid_pdrop\": 0.2, \"attn_pdrop\": 0.1" : "\"hidden_dropout\": 0.1, \"attention_dropout\": 0.1", isInt8);
        AssertAsAlone(() => Of<float>(512, decoder.Encoder.Packed()!), decoder.Config, threads: 1, dropping: true, firstTokensOnly: false, 0);
    }

    [Fact]
    public void Gradients_of_prompts_at_every_layer_and_at_the_input_equal_autograds()
    {
        var encoder = _lease.Backbone.Encoder;
        var config = encoder.Config;
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            var batch = Rows(RowLengths);
            // A vector in front of each word of the fourth prompt's rows.
            batch = batch with { Ids = [.. batch.Ids.Select((id, i) => i >= batch.RowStarts[6] && i < batch.RowStarts[8] ? -1 - i % 3 : id)] };
            torch.Tensor[] leaves = [.. Runs.Select((run, i) => Random(run.IsEmbedded ? 3 : Math.Max(run.Length, 1), run.IsEmbedded ? config.HiddenSize : 2L * config.LayerCount * config.HiddenSize, seed: 20 + i).requires_grad_(true))];
            PromptedRows[] prompts = [.. Runs.Zip(leaves, (run, leaf) => new PromptedRows(run.IsEmbedded ? new() { Vectors = leaf } : State(run.Length, leaf), run.Rows))];
            int[] read = Read(batch, firstTokensOnly: true);
            var weight = Random(read.Length, config.HiddenSize, seed: 3);

            var pass = encoder.RunMixed(batch, read, prompts, Precision.Float32);
            (pass.Hidden * weight).sum().backward();
            pass.Backward();
            var actual = leaves.Select(leaf => leaf.grad?.clone()).ToList();

            int first = 0;
            foreach (var ((run, leaf), gradient) in Runs.Zip(leaves).Zip(actual))
            {
                using (torch.no_grad()) leaf.grad?.zero_();
                var rows = batch.Slice(first, run.Rows);
                var expected = encoder.Forward(rows, Read(rows, firstTokensOnly: true), run.IsEmbedded ? new() { Vectors = leaf } : State(run.Length, leaf), null);
                AssertClose(expected, pass.Hidden.narrow(0, first, run.Rows), 1e-5);
                if (run.Length > 0 || run.IsEmbedded)
                {
                    (expected * weight.narrow(0, first, run.Rows)).sum().backward();
                    AssertClose(leaf.grad!, gradient!, 2e-5);
                }
                else Assert.Null(gradient);
                first += run.Rows;
            }
        });
    }

    [Fact]
    public void Rows_of_another_prompt_have_masks_of_their_own()
    {
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            // The same row three times, twice with the same prompt.
            var one = Rows([20]);
            var batch = new PackedBatch([.. one.Ids, .. one.Ids, .. one.Ids], [.. one.Types, .. one.Types, .. one.Types], [0, 20, 40, 60]);
            using Dropout first = new(1, torch.CPU, inBackbone: true), second = new(2, torch.CPU, inBackbone: true);
            first.StartStep(0);
            second.StartStep(0);
            using var packed = Packed(256, Dropping);
            var prompt = Prompt(dropout: 0.2).State;
            float[][] hidden = [.. ParameterFactory.ToArray(packed.ForwardMixed(batch, [0, 20, 40], [new(prompt, 2) { Dropout = first }, new(prompt, 1) { Dropout = second }], keep: false)).Chunk(Dropping.HiddenSize)];
            Assert.NotEqual(hidden[0], hidden[1]);
            Assert.NotEqual(hidden[0], hidden[2]);
            Assert.NotEqual(hidden[1], hidden[2]);
        });
    }

    private static void AssertAsAlone(Func<PackedLayers> create, BackboneConfig config, int threads, bool dropping, bool firstTokensOnly, double tolerance) => ComputeThread.Run(() =>
    {
        ComputeThread.UseThreads(threads);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using PackedLayers mixed = create(), alone = create();
        var batch = Rows(RowLengths);
        int[] read = Read(batch, firstTokensOnly);
        var weight = Random(read.Length, config.HiddenSize, seed: 3);
        Dropout[] dropouts = [.. Runs.Select((_, i) => new Dropout(30 + i, torch.CPU, inBackbone: true))];
        foreach (var dropout in dropouts) dropout.StartStep(4);
        int first = 0;
        PromptedRows[] prompts = [.. Runs.Select((run, i) =>
        {
            var state = State(run.Length, Random(Math.Max(run.Length, 1), 2L * config.LayerCount * config.KeyValueWidth, seed: 20 + i), dropping ? 0.25 : 0);
            var rows = new PromptedRows(state, run.Rows) { Dropout = dropping ? dropouts[i] : null, Embedded = run.IsEmbedded ? Random(batch.RowStarts[first + run.Rows] - batch.RowStarts[first], config.HiddenSize, seed: 40) : null };
            first += run.Rows;
            return rows;
        })];

        var hidden = mixed.ForwardMixed(batch, read, prompts, keep: true);
        var (ofPrefixes, ofEmbedded) = mixed.BackwardMixed(weight, toEmbedded: true);

        int[] readStarts = batch.StartsOf(read);
        first = 0;
        for (int i = 0; i < prompts.Length; i++)
        {
            var run = prompts[i];
            var rows = batch.Slice(first, run.RowCount);
            int firstRead = readStarts[first], reads = readStarts[first + run.RowCount] - firstRead, firstPiece = batch.RowStarts[first];
            var expected = alone.Forward(run.Embedded, rows, Read(rows, firstTokensOnly), run.Prompt, run.Dropout, keep: true);
            var (ofPrefix, embedded) = alone.Backward(weight.narrow(0, firstRead, reads), toEmbedded: true);
            AssertSame(expected, hidden.narrow(0, firstRead, reads), tolerance);
            Assert.Equal(ofPrefix is null, ofPrefixes[i] is null);
            if (ofPrefix is not null) AssertSame(ofPrefix, ofPrefixes[i]!, tolerance);
            AssertSame(embedded!, ofEmbedded!.narrow(0, firstPiece, rows.Ids.Length), tolerance);
            first += run.RowCount;
        }
        foreach (var dropout in dropouts) dropout.Dispose();
        ComputeThread.UseThreads(null);
    });

    private static void AssertSame(torch.Tensor expected, torch.Tensor actual, double tolerance)
    {
        if (tolerance == 0) Assert.Equal(ParameterFactory.ToArray(expected), ParameterFactory.ToArray(actual));
        else Assert.InRange(RelativeDifference(expected, actual), 0, tolerance);
    }

    private static PromptState State(int length, torch.Tensor table, double dropout = 0) => length == 0 ? PromptState.None : new() { Prefix = table, Length = length, Dropout = dropout };

    private static PackedBatch Rows(int[] lengths)
    {
        var random = new Random(1);
        int[] starts = [0, .. lengths.Select((_, i) => lengths[..(i + 1)].Sum())];
        return new PackedBatch([.. Enumerable.Range(0, starts[^1]).Select(_ => random.Next(60))], [.. Enumerable.Range(0, starts[^1]).Select(_ => random.Next(2))], starts);
    }

    private static int[] Read(PackedBatch batch, bool firstTokensOnly) => firstTokensOnly ? batch.RowStarts[..^1] : [.. Enumerable.Range(0, batch.Ids.Length)];
}
