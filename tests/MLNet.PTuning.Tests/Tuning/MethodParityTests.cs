// Every tuning method against an independent computation (fixtures/methods/generate.py), and the masked-word head against the reference implementation.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tuning;

public class MethodParityTests
{
    private const string Bert = "bert-small-random";
    private const int Classes = 3, Vocabulary = 200;

    public static TheoryData<string> Cases => [.. Methods.Keys];

    private static readonly Dictionary<string, TuningMethod> Methods = new()
    {
        ["soft_prompt"] = new SoftPrompt { Length = 5 },
        ["p_tuning_lstm"] = new PTuningV1 { EncoderHiddenSize = 6 },
        ["p_tuning_mlp"] = new PTuningV1 { Encoder = PromptEncoderKind.Mlp, EncoderHiddenSize = 24 },
        ["adapters_houlsby"] = new BottleneckAdapter { Size = 8 },
        ["adapters_pfeiffer"] = new BottleneckAdapter { Size = 8, Placement = AdapterPlacement.FeedForward },
        ["bitfit"] = new BitFit(),
        ["c_prefix_seqcls_projection"] = new PrefixTuning { Length = 5, EncoderHiddenSize = 32 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_loss_and_gradients_equal_an_independent_computation(string name)
    {
        using var recorded = new ParityCase(Bert, name);
        using var model = recorded.Model(Methods[name], Classes, pools: true);
        AssertStep(recorded, model);
    }

    [Fact]
    public void A_deep_prompt_with_a_verbalizer_equals_an_independent_computation()
    {
        using var recorded = new ParityCase(Bert, "verbalizer");
        using var model = recorded.Model(new DeepPrompt { Length = 5 }, Classes, pools: true, [["w10", "w11"], ["w20 w21", "w22"], ["w30"]]);
        AssertStep(recorded, model);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_saved_predicts_as_what_was_trained(string name)
    {
        using var recorded = new ParityCase(Bert, name);
        using var model = recorded.Model(Methods[name], Classes, pools: true);
        model.EndTraining();
        using var folder = new Files.TempFolder();
        using (var stream = File.Create(folder.At("weights.safetensors"))) model.Save(stream);
        using var file = MLNet.PTuning.Files.WeightFile.Open(folder.At("weights.safetensors"));
        using var loaded = TunedModel.Load(recorded.Lease(), Methods[name], Classes, pools: true, SavedTensors.Of(file));
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var batch = recorded.ClassificationBatch();
        Assert.Equal(ParameterFactory.ToArray(model.Logits(batch, null)), ParameterFactory.ToArray(loaded.Logits(batch, null)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void After_training_a_model_holds_what_is_saved_and_no_network(string name)
    {
        using var recorded = new ParityCase(Bert, name);
        using var model = recorded.Model(Methods[name], Classes, pools: true);
        AssertStep(recorded, model);
        var saved = model.Trained();
        model.EndTraining();
        Assert.All(model.Parameters, p => Assert.Null(p.Value.grad));
        Assert.Equal(saved.Keys, model.Parameters.Select(p => p.Name));
        Assert.All(model.Trained().Values, tensor => Assert.Equal(tensor.Shape, saved[tensor.Name].Shape));
    }

    [Theory]
    [InlineData(Bert)]
    [InlineData("roberta-small-random")]
    public void The_masked_word_head_equals_the_reference(string backbone)
    {
        using var recorded = new ParityCase(backbone, "i_mlm");
        using var lease = recorded.Lease();
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var batch = recorded.LabelingBatch();
        var hidden = lease.Backbone.Encoder.Forward(batch.Rows, batch.ReadPositions, PromptState.None, null);
        var scores = lease.Backbone.MaskedWords!.Scores(hidden, lease.Backbone.Encoder.WordEmbeddings, torch.arange(Vocabulary, dtype: torch.ScalarType.Int64));
        AssertClose(recorded.Packed("out.logits", Vocabulary), scores);
    }

    [Theory]
    [InlineData("adapters_houlsby")]
    [InlineData("adapters_pfeiffer")]
    public void Adapters_begin_near_the_identity(string name)
    {
        using var recorded = new ParityCase(Bert, name);
        using var adapted = TunedModel.Create(recorded.Lease(), Methods[name], Classes, pools: true, null, seed: 1);
        using var bare = TunedModel.Create(recorded.Lease(), new HeadOnly(), Classes, pools: true, null, seed: 1);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var batch = recorded.ClassificationBatch();
        float[] with = ParameterFactory.ToArray(adapted.Logits(batch, null)), without = ParameterFactory.ToArray(bare.Logits(batch, null));
        Assert.NotEqual(without, with);
        Assert.All(without.Zip(with), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Fact]
    public void Trained_parameters_are_those_of_the_method_and_the_head()
    {
        const int hidden = 48, layers = 3, wide = 96, head = Classes * hidden + Classes;
        Assert.Equal(head, Trained(new HeadOnly()));
        Assert.Equal(head + 5 * hidden, Trained(new SoftPrompt { Length = 5 }));
        Assert.Equal(head + 5 * 2 * layers * hidden, Trained(new DeepPrompt { Length = 5 }));
        Assert.Equal(head + layers * 2 * (2 * 8 * hidden + 8 + hidden), Trained(new BottleneckAdapter { Size = 8 }));
        Assert.Equal(head + layers * (2 * 8 * hidden + 8 + hidden), Trained(new BottleneckAdapter { Size = 8, Placement = AdapterPlacement.FeedForward }));
        // Norm of the embeddings; query, key, value, output, two norms, two feed-forward layers; pooler.
        Assert.Equal(head + hidden + layers * (4 * hidden + 2 * hidden + wide + hidden) + hidden, Trained(new BitFit()));
        Assert.Equal(head + hidden, Trained(new HardPrompt { Template = "{text} w5", Trains = new SoftPrompt { Length = 1 } }));

        static long Trained(TuningMethod method)
        {
            using var recorded = new ParityCase(Bert, "a_encoder");
            using var model = TunedModel.Create(recorded.Lease(), method, Classes, pools: true, null, seed: 1);
            return model.TrainedParameters;
        }
    }

    private static void AssertStep(ParityCase recorded, TunedModel model)
    {
        using var scope = torch.NewDisposeScope();
        var batch = recorded.ClassificationBatch();
        var logits = model.Logits(batch, null);
        AssertClose(recorded.Values("out.logits"), logits);
        var loss = torch.nn.functional.cross_entropy(logits, torch.tensor(Array.ConvertAll(batch.Targets, t => (long)t)));
        AssertClose(recorded.Values("out.loss"), loss);
        model.Backward(loss);
        Assert.Equal(recorded.Names("grad.").Order(), model.Parameters.Select(p => p.Name).Order());
        foreach (var parameter in model.Parameters) AssertClose(recorded.Values("grad." + parameter.Name), parameter.Value.grad!);
    }

    private static void AssertClose(float[] expected, torch.Tensor actual)
    {
        float[] values = ParameterFactory.ToArray(actual);
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(expected[i] - values[i]) <= 2e-5 * (1 + Math.Abs(expected[i])), $"element {i}: expected {expected[i]}, got {values[i]}");
    }
}
