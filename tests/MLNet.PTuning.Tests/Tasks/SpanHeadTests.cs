// The head that reads spans beside the first token or the mean: its values and its gradient through both ways of computing the encoder.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tasks;

public class SpanHeadTests
{
    [Theory]
    [InlineData(Pooling.FirstToken, true)]
    [InlineData(Pooling.FirstToken, false)]
    [InlineData(Pooling.Mean, true)]
    public void Logits_and_gradients_are_those_of_the_vectors_one_after_the_other_under_autograd(Pooling pooling, bool hasPooler)
    {
        using var backbone = new TinyBackbone(hasPooler: hasPooler);
        using var model = TunedModel.Create(FrozenBackbone.Use(backbone.Path, torch.CPU), new DeepPrompt { Length = 3, Dropout = 0 }, classes: 2, pools: pooling == Pooling.FirstToken, headDropout: 0, seed: 1, vectors: 3);
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            var tokenizer = model.Backbone.Tokenizer;
            // Spans may share positions with each other and with the first token.
            var batch = Batch.Of([
                TextClassification.Example(tokenizer.Encode("the film was good", null, 20), 0, pooling: pooling, spans: [[2], [3, 4]]),
                TextClassification.Example(tokenizer.Encode("a very dull day and so it was", null, 20), 1, pooling: pooling, spans: [[4, 5, 6], [0, 5]]),
            ]);
            var targets = torch.tensor(new long[] { 0, 1 });
            var logits = model.Logits(batch, null);
            Assert.Equal([2, 2], logits.shape);
            model.Backward(torch.nn.functional.cross_entropy(logits, targets));
            var packed = model.Parameters.Select(p => (p.Name, Gradient: ParameterFactory.ToArray(p.Value.grad!))).ToList();
            foreach (var parameter in model.Parameters) parameter.Value.grad = null;

            var encoder = model.Backbone.Encoder;
            var hidden = encoder.Forward(batch.Rows, [.. Enumerable.Range(0, batch.Rows.Ids.Length)], model.State(), null);
            int second = batch.Rows.RowStarts[1];
            var lines = new[] { (0, second, new[] { 2 }, new[] { 3, 4 }), (second, batch.Rows.Ids.Length, [4, 5, 6], [0, 5]) }.Select(row =>
            {
                var of = hidden.slice(0, row.Item1, row.Item2, 1);
                var first = pooling == Pooling.Mean ? of.mean([0]) : Pooled(of[0]);
                return torch.cat([first, of[row.Item3].mean([0]), of[row.Item4].mean([0])]);
            });
            var expected = torch.nn.functional.linear(torch.stack(lines), Value(LinearHead.Weight), Value(LinearHead.Bias));
            torch.nn.functional.cross_entropy(expected, targets).backward();
            Close(ParameterFactory.ToArray(expected), ParameterFactory.ToArray(logits));
            foreach (var (name, gradient) in packed) Close(ParameterFactory.ToArray(Value(name).grad!), gradient);

            torch.Tensor Value(string name) => model.Parameters.Single(p => p.Name == name).Value;

            torch.Tensor Pooled(torch.Tensor x) => torch.tanh(hasPooler ? encoder.Pooler!.Apply(x.unsqueeze(0)) : torch.nn.functional.linear(x.unsqueeze(0), Value(LinearHead.PoolerWeight), Value(LinearHead.PoolerBias)))[0];
        });

        static void Close(float[] expected, float[] actual) => Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }
}
