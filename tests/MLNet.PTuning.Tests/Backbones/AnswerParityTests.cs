// Question answering against recordings of the reference implementation: logits at every position, loss and gradients.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public class AnswerParityTests
{
    private const string Case = "e_prefix_qa", Bert = "bert-small-random", Roberta = "roberta-small-random", RobertaWithoutPooler = "roberta-small-random-nopooler";
    private const int PromptLength = 5;
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData(Bert)]
    [InlineData(Roberta)]
    [InlineData(RobertaWithoutPooler)]
    public void Start_and_end_logits_equal_the_reference(string backbone)
    {
        using var recorded = new ParityCase(backbone, Case);
        using var model = Model(recorded);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        float[] logits = ParameterFactory.ToArray(model.Logits(recorded.AnsweringBatch(isPadded: false), null));
        AssertClose(recorded.Packed("out.start_logits", 1), [.. logits.Where((_, i) => i % 2 == 0)]);
        AssertClose(recorded.Packed("out.end_logits", 1), [.. logits.Where((_, i) => i % 2 == 1)]);
    }

    // The reference's softmax is over the padding of its batch too, whose hidden states read the row but are read by none. That is repeated here, layer by layer.
    [Theory]
    [InlineData("in.", "out.", "grad.")]
    [InlineData("oob.in.", "oob.out.", "oob.grad.")]
    public void Loss_and_gradients_equal_the_reference_where_padding_is_scored_as_it_does(string inputs, string outputs, string gradients)
    {
        using var recorded = new ParityCase(Bert, Case);
        using var model = Model(recorded);
        using var scope = torch.NewDisposeScope();
        var batch = recorded.AnsweringBatch(isPadded: true, inputs);
        var lengths = recorded.RowLengths();
        int width = batch.Rows.RowStarts[1], rows = lengths.Count;
        long[] real = [.. Enumerable.Range(0, rows * width).Where(at => at % width < lengths[at / width]).Select(at => (long)at)];
        long[] ordered = [.. real, .. Enumerable.Range(0, rows * width).Select(at => (long)at).Except(real)];
        var back = torch.tensor([.. Enumerable.Range(0, rows * width).Select(at => (long)Array.IndexOf(ordered, at))]);
        int[] keyStarts = [.. Enumerable.Range(0, rows + 1).Select(row => lengths.Take(row).Sum())];
        var encoder = model.Backbone.Encoder;
        var layout = new AttentionLayout(batch.Rows.RowStarts, keyStarts, PromptLength, torch.CPU);
        var hidden = encoder.Embed(batch.Rows, model.State(), null);
        for (int layer = 0; layer < encoder.Config.LayerCount; layer++)
            hidden = encoder.Layer(layer, hidden.index_select(0, torch.tensor(ordered)), layout, model.State(), null, back);
        var head = model.Parameters.ToDictionary(p => p.Name, p => p.Value);
        var loss = CrossEntropy.Mean(torch.nn.functional.linear(hidden, head[LinearHead.Weight], head[LinearHead.Bias]), batch, null);
        loss.backward();

        AssertClose(recorded.Values(outputs + "loss"), ParameterFactory.ToArray(loss));
        AssertGradients(model, name => recorded.Values(gradients + name));
    }

    [Theory]
    [InlineData(Bert)]
    [InlineData(Roberta)]
    public void The_fast_layers_give_the_loss_and_the_gradients_of_autograd(string backbone)
    {
        using var recorded = new ParityCase(backbone, Case);
        using var model = Model(recorded);
        using var scope = torch.NewDisposeScope();
        var batch = recorded.AnsweringBatch(isPadded: false);
        var head = model.Parameters.ToDictionary(p => p.Name, p => p.Value);
        var hidden = model.Backbone.Encoder.Forward(batch.Rows, batch.ReadPositions, model.State(), null);
        var logits = torch.nn.functional.linear(hidden, head[LinearHead.Weight], head[LinearHead.Bias]);
        // Each row's own cross-entropy, the mean of both ends, without the library's indexing.
        int[] starts = batch.Rows.RowStarts;
        var losses = Enumerable.Range(0, batch.Rows.RowCount).SelectMany(row => Enumerable.Range(0, 2).Select(end =>
            -logits.slice(0, starts[row], starts[row + 1], 1).select(1, end).log_softmax(0)[batch.Targets[2 * row + end]])).ToArray();
        var expected = torch.stack(losses).mean();
        expected.backward();
        var gradients = model.Parameters.ToDictionary(p => ParityCase.HeadName(p.Name), p => ParameterFactory.ToArray(p.Value.grad!));
        foreach (var parameter in model.Parameters) parameter.Value.grad = null;

        var loss = CrossEntropy.Mean(model.Logits(batch, null), batch, null);
        model.Backward(loss);

        AssertClose(ParameterFactory.ToArray(expected), ParameterFactory.ToArray(loss));
        AssertGradients(model, name => gradients[name]);
    }

    [Fact]
    public void The_loss_of_predictions_is_that_of_training()
    {
        using var recorded = new ParityCase(Bert, Case);
        using var model = Model(recorded);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var batch = recorded.AnsweringBatch(isPadded: false);
        float trained = CrossEntropy.Mean(model.Logits(batch, null), batch, null).item<float>();
        var examples = Enumerable.Range(0, batch.Rows.RowCount).Select(row =>
        {
            var (start, end) = (batch.Rows.RowStarts[row], batch.Rows.RowStarts[row + 1]);
            return new Example(batch.Rows.Ids[start..end], batch.Rows.Types[start..end], [.. Enumerable.Range(0, end - start)], batch.Targets[(2 * row)..(2 * row + 2)]) { Over = SoftmaxOver.Vectors };
        }).ToList();
        var losses = examples.Zip(model.Predict(examples), (example, predicted) => CrossEntropy.OfPrediction(example, predicted, 2)).ToList();
        Assert.Equal(trained, losses.Sum(l => l.Sum) / losses.Sum(l => l.Count), 1e-5);
    }

    private static TunedModel Model(ParityCase recorded) => recorded.Model(new DeepPrompt { Length = PromptLength }, classes: 2, pools: false);

    private static void AssertGradients(TunedModel model, Func<string, float[]> expected)
    {
        foreach (var parameter in model.Parameters) AssertClose(expected(ParityCase.HeadName(parameter.Name)), ParameterFactory.ToArray(parameter.Value.grad!));
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Tolerance, $"element {i}: expected {expected[i]}, got {actual[i]}");
    }
}
