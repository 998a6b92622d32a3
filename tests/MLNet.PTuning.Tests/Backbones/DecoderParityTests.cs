// Decoders against an independent computation in plain Python: hidden states with and without a prefix, logits of the last token, loss, gradients, ten steps of training.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class DecoderParityTests : IDisposable
{
    private const int PromptLength = 3, Classes = 3;
    private const double Tolerance = 1e-5;

    private readonly TempFolder _folder = new();
    private WeightFile? _case;

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void Hidden_states_logits_loss_and_gradients_equal_the_reference(string name)
    {
        using var model = Model(name);
        using var scope = torch.NewDisposeScope();
        var batch = Batch.Of(Examples());
        int[] all = [.. Enumerable.Range(0, batch.Rows.Ids.Length)];
        Close("out.plain", model.Backbone.Encoder.Forward(batch.Rows, all, PromptState.None, null));
        Close("out.plain", model.Backbone.Encoder.Run(batch.Rows, all, PromptState.None, null, Precision.Float32).Hidden);
        Close("out.hidden", model.Backbone.Encoder.Forward(batch.Rows, all, model.State(), null));
        // As tasks run it: by the hand-written layers, which have a backward pass of their own.
        var pass = model.Backbone.Encoder.Run(batch.Rows, all, model.State(), null, Precision.Float32);
        Assert.NotNull(pass.BackwardToPrompt);
        Close("out.hidden", pass.Hidden);
        var logits = model.Logits(batch, null);
        Close("out.logits", logits);
        var loss = CrossEntropy.Mean(logits, batch, null);
        Close("out.loss", loss);
        model.Backward(loss);
        Assert.Equal(2, model.Parameters.Count);
        foreach (var parameter in model.Parameters) Close("grad." + parameter.Name, parameter.Value.grad!);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void Ten_steps_end_at_the_reference(string name)
    {
        using var model = Model(name);
        ComputeThread.Run(() =>
        {
            using var optimizer = new AdamW(model.Parameters, weightDecay: 0, headFactor: 1);
            using var dropout = new Dropout(1, torch.CPU, inBackbone: false);
            for (int step = 0; step < 10; step++)
            {
                Trainer.Backward(model, [Batch.Of(Examples())], dropout, step, null, null);
                optimizer.Step(1e-2, clipNorm: 1e9);
            }
        });
        foreach (var parameter in model.Parameters) Close("step10." + parameter.Name, parameter.Value, 1e-4);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void A_row_is_computed_alike_alone_and_among_others_and_at_some_positions_or_all(string name)
    {
        using var model = Model(name);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var examples = Examples();
        float[] together = ParameterFactory.ToArray(model.Logits(Batch.Of(examples), null));
        for (int i = 0; i < examples.Count; i++)
            Assert.All(ParameterFactory.ToArray(model.Logits(Batch.Of([examples[i]]), null)).Zip(together.Skip(i * Classes)), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void A_prompt_of_the_keys_and_values_of_words_continues_as_if_the_words_were_there(string name)
    {
        using var model = Model(name);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        int[] words = [3, 7, 9], text = [12, 5];
        var encoder = model.Backbone.Encoder;
        var prefix = encoder.KeysAndValues(new PackedBatch(words, new int[3], [0, 3]));
        var expected = encoder.Forward(new PackedBatch([.. words, .. text], new int[5], [0, 5]), [3, 4], PromptState.None, null);
        var actual = encoder.Forward(new PackedBatch(text, new int[2], [0, 2]), [0, 1], new PromptState { Prefix = prefix, Length = 3 }, null);
        Assert.All(ParameterFactory.ToArray(expected).Zip(ParameterFactory.ToArray(actual)), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void A_folder_is_held_in_8_bits_too_and_computes_about_the_same(string name)
    {
        using var model = Model(name);
        using var int8 = FrozenBackbone.Use(_folder.Path, torch.CPU, Precision.Int8);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var batch = Batch.Of(Examples());
        Assert.Equal(model.Backbone.ParameterCount, int8.Backbone.ParameterCount);
        var expected = model.Backbone.Encoder.Run(batch.Rows, batch.ReadPositions, model.State(), null, Precision.Float32).Hidden;
        var actual = int8.Backbone.Encoder.Run(batch.Rows, batch.ReadPositions, model.State(), null, Precision.Int8).Hidden;
        Assert.InRange(PackedLayersCase.RelativeDifference(expected, actual), 1e-4, 0.1);
    }

    public void Dispose()
    {
        _case?.Dispose();
        _folder.Dispose();
    }

    private TunedModel Model(string name)
    {
        foreach (string file in Directory.GetFiles(Shared.Fixture("decoders", name))) File.Copy(file, _folder.At(Path.GetFileName(file)));
        File.WriteAllText(_folder.At("vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary));
        _case = WeightFile.Open(Shared.Fixture("decoders", "cases", name + ".safetensors"));
        var model = TunedModel.Create(FrozenBackbone.Use(_folder.Path, torch.CPU), new DeepPrompt { Length = PromptLength, Dropout = 0, Start = PromptStart.Random }, Classes, pools: true, headDropout: 0, seed: 1);
        using var noGrad = torch.no_grad();
        foreach (var parameter in model.Parameters)
        {
            using var value = torch.tensor(_case.ReadFloats("param." + parameter.Name)).view(parameter.Value.shape);
            parameter.Value.copy_(value);
        }
        return model;
    }

    private List<Example> Examples()
    {
        int[] ids = Array.ConvertAll(_case!.ReadRaw<long>("in.ids"), id => (int)id), lengths = Array.ConvertAll(_case.ReadRaw<long>("in.lengths"), n => (int)n);
        long[] labels = _case.ReadRaw<long>("in.labels");
        int at = 0;
        return [.. lengths.Select((length, row) => new Example(ids[at..(at += length)], new int[length], [length - 1], [(int)labels[row]]))];
    }

    private void Close(string name, torch.Tensor actual, double tolerance = Tolerance)
    {
        float[] expected = _case!.ReadFloats(name), values = ParameterFactory.ToArray(actual.detach());
        Assert.Equal(expected.Length, values.Length);
        Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
