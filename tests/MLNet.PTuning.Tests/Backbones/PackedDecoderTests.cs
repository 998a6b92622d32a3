// The hand-written layers of decoders against autograd's, in every vector width.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;
using static MLNet.PTuning.Tests.Backbones.RandomDecoder;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class PackedDecoderTests
{
    public static TheoryData<string, int> FormsInWidths => new()
    {
        { "llama", 128 }, { "llama", 256 }, { "llama", 512 }, { "qwen2", 128 }, { "qwen2", 256 }, { "qwen2", 512 }, { "gpt2", 128 }, { "gpt2", 256 }, { "gpt2", 512 },
    };

    [Theory]
    [MemberData(nameof(FormsInWidths))]
    public void Hidden_states_and_the_prompts_gradient_equal_autograds(string form, int bits)
    {
        using var scope = torch.NewDisposeScope();
        using var decoder = new RandomDecoder(form);
        var batch = Rows();
        using var packed = PackedLayersCase.Of<float>(bits, decoder.Encoder.Packed());
        foreach (string which in new[] { "last", "all", "some" })
        {
            int[] readPositions = Read(batch, which);
            var weight = Random(readPositions.Length, decoder.Config.HiddenSize, seed: 3);
            var (prompt, leaf) = decoder.Prompt();
            var expected = decoder.Encoder.Forward(batch, readPositions, prompt, null);
            (expected * weight).sum().backward();
            var actual = packed.Forward(null, batch, readPositions, prompt, null, keep: true);
            var (gradient, _) = packed.Backward(weight, toEmbedded: false);

            PackedLayersCase.AssertClose(expected, actual, 1e-5);
            PackedLayersCase.AssertClose(leaf.grad!, gradient!, 2e-5);
        }
    }

    [Theory]
    [MemberData(nameof(FormsInWidths))]
    public void The_embedded_rows_gradient_equals_autograds(string form, int bits)
    {
        using var scope = torch.NewDisposeScope();
        using var decoder = new RandomDecoder(form);
        var batch = Rows();
        // Vectors of a prompt in front of the second row's words.
        var prompted = batch with { Ids = [.. batch.Ids.Select((id, i) => i is > 0 and <= PromptLength ? -i : id)] };
        var vectors = Random(PromptLength, decoder.Config.HiddenSize, seed: 6).requires_grad_(true);
        var prompt = new PromptState { Vectors = vectors };
        int[] readPositions = Read(batch, "some");
        var weight = Random(readPositions.Length, decoder.Config.HiddenSize, seed: 3);
        var expected = decoder.Encoder.Forward(prompted, readPositions, prompt, null);
        (expected * weight).sum().backward();
        var expectedGradient = vectors.grad!.clone();
        vectors.grad!.zero_();

        using var packed = PackedLayersCase.Of<float>(bits, decoder.Encoder.Packed());
        var embedded = decoder.Encoder.Embed(prompted, prompt, null);
        torch.Tensor actual;
        using (torch.no_grad()) actual = packed.Forward(embedded, prompted, readPositions, prompt, null, keep: true);
        torch.autograd.backward(embedded, packed.Backward(weight, toEmbedded: true).Embedded!);

        PackedLayersCase.AssertClose(expected, actual, 1e-5);
        PackedLayersCase.AssertClose(expectedGradient, vectors.grad!, 2e-5);
    }

    [Theory]
    [MemberData(nameof(FormsInWidths))]
    public void Bfloat16_changes_states_and_gradient_by_rounding_alone(string form, int bits)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var decoder = new RandomDecoder(form);
        var batch = Rows();
        int[] readPositions = Read(batch, "last");
        var weight = Random(readPositions.Length, decoder.Config.HiddenSize, seed: 3);
        var (prompt, _) = decoder.Prompt();
        using PackedLayers floats = PackedLayersCase.Of<float>(bits, decoder.Encoder.Packed()), halves = PackedLayersCase.Of<BFloat16>(bits, decoder.Encoder.Packed());

        var expected = floats.Forward(null, batch, readPositions, prompt, null, keep: true);
        var actual = halves.Forward(null, batch, readPositions, prompt, null, keep: true);
        var (expectedGradient, actualGradient) = (floats.Backward(weight, false).Prefix!, halves.Backward(weight, false).Prefix!);

        Assert.InRange(PackedLayersCase.RelativeDifference(expected, actual), 1e-5, 0.02);
        Assert.InRange(PackedLayersCase.RelativeDifference(expectedGradient, actualGradient), 1e-5, 0.04);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("gpt2")]
    public void In_8_bits_states_and_the_prompts_gradient_are_near_those_of_floats_and_a_row_has_the_same_bits_alone(string form)
    {
        using var scope = torch.NewDisposeScope();
        using RandomDecoder floats = new(form), int8 = new(form, isInt8: true);
        var batch = Rows();
        var (expected, expectedGradient) = Pass(floats, Precision.Float32);
        var (actual, actualGradient) = Pass(int8, Precision.Int8);

        Assert.InRange(PackedLayersCase.RelativeDifference(expected, actual), 1e-4, 0.05);
        Assert.InRange(PackedLayersCase.RelativeDifference(expectedGradient, actualGradient), 1e-4, 0.15);
        using var noGrad = torch.no_grad();
        float[] alone = [.. Enumerable.Range(0, batch.RowCount).SelectMany(row => ParameterFactory.ToArray(Hidden(int8, Row(batch, row), Precision.Int8, int8.Prompt().State).Hidden))];
        Assert.Equal(ParameterFactory.ToArray(actual.detach()), alone);

        (torch.Tensor Hidden, torch.Tensor Gradient) Pass(RandomDecoder decoder, Precision precision)
        {
            var (prompt, leaf) = decoder.Prompt();
            var pass = Hidden(decoder, batch, precision, prompt);
            (pass.Hidden * Random(batch.RowCount, decoder.Config.HiddenSize, seed: 3)).sum().backward();
            pass.Backward();
            return (pass.Hidden, leaf.grad!);
        }

        static EncoderPass Hidden(RandomDecoder decoder, PackedBatch rows, Precision precision, PromptState prompt) => decoder.Encoder.Run(rows, Read(rows, "last"), prompt, null, precision);
    }

    [Theory]
    [InlineData("llama", 256)]
    [InlineData("llama", 512)]
    [InlineData("gpt2", 256)]
    [InlineData("gpt2", 512)]
    public void A_row_has_the_same_bits_alone_and_in_a_batch_and_on_any_number_of_threads(string form, int bits)
    {
        using var decoder = new RandomDecoder(form);
        float[][] alone = [], together = [];
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            using var packed = PackedLayersCase.Of<float>(bits, decoder.Encoder.Packed());
            var (prompt, _) = decoder.Prompt();
            var batch = Rows();
            ComputeThread.UseThreads(1);
            together = [.. Hidden(batch).Chunk(decoder.Config.HiddenSize)];
            ComputeThread.UseThreads(3);
            Assert.Equal(together, Hidden(batch).Chunk(decoder.Config.HiddenSize));
            alone = [.. Enumerable.Range(0, batch.RowCount).SelectMany(row => Hidden(Row(batch, row)).Chunk(decoder.Config.HiddenSize))];

            float[] Hidden(PackedBatch rows) => ParameterFactory.ToArray(packed.Forward(null, rows, Read(rows, "all"), prompt, null, keep: false));
        });

        Assert.Equal(together, alone);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void A_position_has_the_same_bits_whatever_follows_it_and_whichever_others_are_read(string form)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var decoder = new RandomDecoder(form);
        var batch = Rows();
        var (prompt, _) = decoder.Prompt();
        using var packed = PackedLayersCase.Of<float>(256, decoder.Encoder.Packed());
        // The end of the row of 75.
        var other = batch with { Ids = [.. batch.Ids.Select((id, i) => i is > 60 and < 76 ? (id + 1) % Vocabulary : id)] };
        float[] all = Hidden(batch, Read(batch, "all")), changed = Hidden(other, Read(batch, "all")), some = Hidden(batch, Read(batch, "some"));

        int width = decoder.Config.HiddenSize;
        Assert.Equal(all[..(61 * width)], changed[..(61 * width)]);
        Assert.NotEqual(all[(61 * width)..(62 * width)], changed[(61 * width)..(62 * width)]);
        Assert.Equal(Read(batch, "some").SelectMany(at => all[(at * width)..((at + 1) * width)]), some);

        float[] Hidden(PackedBatch rows, int[] read) => ParameterFactory.ToArray(packed.Forward(null, rows, read, prompt, null, keep: false));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void What_is_kept_of_the_first_layer_changes_no_bit(string form)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var decoder = new RandomDecoder(form);
        var (batch, (prompt, _)) = (Rows(), decoder.Prompt());
        using PackedLayers keeping = PackedLayersCase.Of<float>(512, decoder.Encoder.Packed()), fresh = PackedLayersCase.Of<float>(512, decoder.Encoder.Packed());
        // The same words at other positions.
        var turned = batch with { Ids = [.. batch.Ids.Reverse()] };

        Pass(keeping, turned);
        Assert.Equal(Pass(fresh, batch), Pass(keeping, batch));

        float[] Pass(PackedLayers layers, PackedBatch rows)
        {
            int[] readPositions = Read(rows, "last");
            var hidden = layers.Forward(null, rows, readPositions, prompt, null, keep: true);
            var (gradient, _) = layers.Backward(Random(readPositions.Length, decoder.Config.HiddenSize, seed: 3), toEmbedded: false);
            return [.. ParameterFactory.ToArray(hidden), .. ParameterFactory.ToArray(gradient!)];
        }
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("gpt2")]
    public void A_trained_prompt_goes_through_the_hand_written_layers(string form)
    {
        using var scope = torch.NewDisposeScope();
        using var decoder = new RandomDecoder(form);
        Assert.NotNull(decoder.Encoder.Run(Rows(), [0], decoder.Prompt().State, null, Precision.Float32).BackwardToPrompt);
    }

    [Theory]
    [InlineData("llama", "hidden_act", "relu")]
    [InlineData("gpt2", "activation_function", "tanh")]
    public void Another_activation_goes_through_autograd(string form, string field, string activation)
    {
        using var scope = torch.NewDisposeScope();
        using var decoder = new RandomDecoder(form, $"\"{field}\": \"{activation}\"");
        Assert.Null(decoder.Encoder.Run(Rows(), [0], decoder.Prompt().State, null, Precision.Float32).BackwardToPrompt);
        Assert.False(decoder.Encoder.TakesInt8);
    }

    [Theory]
    [InlineData("layers.1.mlp.gate_proj.weight")]
    [InlineData("norm.weight")]
    public void Trained_weights_go_through_autograd(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var decoder = new RandomDecoder("llama");
        decoder.Weights[name].requires_grad_(true);
        Assert.Null(decoder.Encoder.Run(Rows(), [0], decoder.Prompt().State, null, Precision.Float32).BackwardToPrompt);
    }

    [SharedFact("backbones/tinystories-656k-llama")]
    public void A_real_models_states_equal_autograds()
    {
        using var lease = FrozenBackbone.Use(Shared.At("backbones", "tinystories-656k-llama"), torch.CPU);
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            int[] ids = [1, .. lease.Backbone.Tokenizer.Encode("Once upon a time there was a little dog who liked to run.", null, 200).Ids];
            var batch = new PackedBatch(ids, new int[ids.Length], [0, ids.Length]);
            var expected = lease.Backbone.Encoder.Forward(batch, Read(batch, "all"), PromptState.None, null);
            var actual = lease.Backbone.Encoder.Run(batch, Read(batch, "all"), PromptState.None, null, Precision.Float32).Hidden;
            PackedLayersCase.AssertClose(expected, actual, 2e-5);
        });
    }
}
