// The encoder, the deep prompt, the heads and the optimizer against recordings of the reference implementation, for BERT and RoBERTa; and the other
// families against a second implementation of their own, fixtures/families/generate.py.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public class ParityTests
{
    private const string Bert = "bert-small-random", Roberta = "roberta-small-random", RobertaWithoutPooler = "roberta-small-random-nopooler";
    private const int Classes = 3, Labels = 5;
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Models => [Bert, Roberta, RobertaWithoutPooler];

    public static TheoryData<string> Families => [Bert, Roberta, RobertaWithoutPooler, "distilbert", "electra", "albert", "deberta-v2", "deberta-v2-separate"];

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_hidden_state_and_the_pooled_output_equal_the_reference(string model)
    {
        using var recorded = new ParityCase(model, "a_encoder");
        using var lease = recorded.Lease();
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        AssertHiddenStates(recorded, lease.Backbone.Encoder, PromptState.None, prefixLength: 0);

        Assert.Equal(model is Bert or Roberta or "albert", lease.Backbone.HasPooler);
        if (!lease.Backbone.HasPooler) return;
        var batch = recorded.Batch(_ => [0], _ => [0]);
        var first = lease.Backbone.Encoder.Forward(batch.Rows, batch.ReadPositions, PromptState.None, null);
        AssertClose(recorded.Values("out.pooler_output"), lease.Backbone.Encoder.PoolerActivation(lease.Backbone.Encoder.Pooler!.Apply(first)));
    }

    [Theory]
    [InlineData(Bert, "b_prefix_seqcls")]
    [InlineData(Bert, "c_prefix_seqcls_projection")]
    [InlineData(Roberta, "b_prefix_seqcls")]
    [InlineData(Roberta, "c_prefix_seqcls_projection")]
    [InlineData(RobertaWithoutPooler, "b_prefix_seqcls")]
    [InlineData(RobertaWithoutPooler, "c_prefix_seqcls_projection")]
    [InlineData("distilbert", "b_prefix_seqcls")]
    [InlineData("electra", "b_prefix_seqcls")]
    [InlineData("albert", "b_prefix_seqcls")]
    [InlineData("deberta-v2", "b_prefix_seqcls")]
    [InlineData("deberta-v2-separate", "b_prefix_seqcls")]
    public void Hidden_states_logits_loss_and_gradients_of_a_deep_prompt_equal_the_reference(string backbone, string name)
    {
        using var recorded = new ParityCase(backbone, name);
        var method = new DeepPrompt { Length = recorded.PromptLength, Reparameterize = name.StartsWith('c'), EncoderHiddenSize = 32 };
        using var model = recorded.Model(method, Classes, pools: true);
        using var scope = torch.NewDisposeScope();
        AssertStep(recorded, model, recorded.ClassificationBatch());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Labeling_every_word_piece_equals_the_reference(string backbone)
    {
        using var recorded = new ParityCase(backbone, "d_prefix_tokencls");
        using var model = recorded.Model(new DeepPrompt { Length = 5 }, Labels, pools: false);
        using var scope = torch.NewDisposeScope();
        AssertStep(recorded, model, recorded.LabelingBatch());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Reading_only_the_first_token_in_the_last_layer_equals_reading_every_position(string backbone)
    {
        using var recorded = new ParityCase(backbone, "b_prefix_seqcls");
        using var model = recorded.Model(new DeepPrompt { Length = recorded.PromptLength }, Classes, pools: true);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var batch = recorded.ClassificationBatch();
        int[] everywhere = [.. Enumerable.Range(0, batch.Rows.Ids.Length)];

        var all = model.Backbone.Encoder.Forward(batch.Rows, everywhere, model.State(), null);
        var first = model.Backbone.Encoder.Forward(batch.Rows, batch.ReadPositions, model.State(), null);

        AssertClose(ParameterFactory.ToArray(all.index_select(0, torch.tensor(Array.ConvertAll(batch.ReadPositions, i => (long)i)))), first);
    }

    [Theory]
    [InlineData(Bert)]
    [InlineData(Roberta)]
    public void Ten_training_steps_end_where_the_reference_ends(string backbone)
    {
        using var recorded = new ParityCase(backbone, "h_train10");
        using var model = recorded.Model(new DeepPrompt { Length = 5 }, Classes, pools: true);
        using var optimizer = new MLNet.PTuning.Training.AdamW(model.Parameters, weightDecay: 0.01);
        var schedule = new MLNet.PTuning.Training.RateSchedule(new TextClassificationOptions("unused"), 1e-2, stepsPerEpoch: 10, epochs: 1);
        float[] losses = recorded.Values("out.torch_adamw_nobiasdecay.losses"), norms = recorded.Values("out.torch_adamw_nobiasdecay.grad_norms");

        for (int step = 0; step < 10; step++)
        {
            using var scope = torch.NewDisposeScope();
            var batch = recorded.ClassificationBatch(step);
            var loss = torch.nn.functional.cross_entropy(model.Logits(batch, null), torch.tensor(Array.ConvertAll(batch.Targets, t => (long)t)));
            Assert.Equal(losses[step], loss.item<float>(), 1e-4);
            model.Backward(loss);
            Assert.Equal(norms[step], optimizer.Step(schedule.RateAt(step), clipNorm: 1), 1e-4);
        }

        foreach (var parameter in model.Parameters)
            AssertClose(recorded.Values("out.torch_adamw_nobiasdecay.final." + parameter.Name), parameter.Value, 1e-4);
    }

    // Hidden states, logits, loss and the gradients of all that the reference trains: that of THUDM freezes the pooler, which is trained here where it is the head's own.
    private static void AssertStep(ParityCase recorded, TunedModel model, Batch batch)
    {
        using (torch.no_grad())
            AssertHiddenStates(recorded, model.Backbone.Encoder, model.State(), recorded.PromptLength);
        var logits = model.Logits(batch, null);
        var loss = torch.nn.functional.cross_entropy(logits, torch.tensor(Array.ConvertAll(batch.Targets, t => (long)t)), ignore_index: Example.NoTarget);
        model.Backward(loss);

        AssertClose(recorded.Packed("out.logits", model.ClassCount, logits.shape[0]), logits);
        AssertClose(recorded.Values("out.loss"), loss);
        var recordedGradients = recorded.Names("grad.").ToHashSet();
        var compared = model.Parameters.Where(p => !p.Name.StartsWith("pooler.") || recordedGradients.Contains(p.Name)).ToList();
        Assert.Equal(recordedGradients.Order(), compared.Select(p => p.Name).Order());
        foreach (var parameter in compared) AssertClose(recorded.Values("grad." + parameter.Name), parameter.Value.grad!);
    }

    // Layer by layer, at every position.
    private static void AssertHiddenStates(ParityCase recorded, Encoder encoder, PromptState prompt, int prefixLength)
    {
        var rows = recorded.Batch(_ => [0], _ => [0]).Rows;
        var layout = new AttentionLayout(rows.RowStarts, rows.RowStarts, prefixLength, torch.CPU);
        var hidden = encoder.Embed(rows, prompt, null);
        AssertClose(recorded.Packed("out.hidden_states.0", encoder.Config.HiddenSize), hidden);
        for (int layer = 0; layer < encoder.Config.LayerCount; layer++)
        {
            hidden = encoder.Layer(layer, hidden, layout, prompt, null, null);
            AssertClose(recorded.Packed($"out.hidden_states.{layer + 1}", encoder.Config.HiddenSize), hidden);
        }
    }

    private static void AssertClose(float[] expected, torch.Tensor actual, double tolerance = Tolerance)
    {
        float[] values = ParameterFactory.ToArray(actual);
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(expected[i] - values[i]) <= tolerance, $"element {i}: expected {expected[i]}, got {values[i]}");
    }
}
