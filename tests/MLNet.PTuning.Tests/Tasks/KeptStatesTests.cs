// Training of the head alone computes the encoder once a row: what it reads is what the encoder gives, in whatever batches.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Tasks;

public class KeptStatesTests
{
    [Theory]
    [InlineData(Pooling.FirstToken)]
    [InlineData(Pooling.Mean)]
    public void Logits_of_training_are_those_of_prediction_in_every_batch_and_later_epochs_use_what_is_kept(Pooling pooling)
    {
        using var backbone = new TinyBackbone();
        using var model = TunedModel.Create(FrozenBackbone.Use(backbone.Path, torch.CPU), new HeadOnly(), classes: 2, pools: pooling == Pooling.FirstToken, headDropout: 0, seed: 1);
        string[] texts = ["good", "the film was very good and we saw it", "a dull day", "odd", "it was so awful"];
        Example[] examples = [.. texts.Select((text, i) => TextClassification.Example(model.Backbone.Tokenizer.Encode(text, null, 20), i % 2, pooling: pooling))];
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var dropout = new Dropout(1, torch.CPU, inBackbone: false);
            foreach (var rows in new Example[][] { examples[..2], [examples[3], examples[1], examples[0]], [examples[4], examples[2]], examples })
            {
                float[] expected = ParameterFactory.ToArray(model.Logits(Batch.Of(rows), null));
                var logits = model.Logits(Batch.Of(rows), dropout);
                Assert.Equal(expected, ParameterFactory.ToArray(logits), (a, b) => Math.Abs(a - b) < 1e-6);
                model.Backward(logits.sum());
            }
        });
        // The encoder is not asked again: other weights change nothing.
        var kept = new KeptStates();
        int read = 0;
        using var states = torch.NewDisposeScope();
        for (int epoch = 0; epoch < 3; epoch++)
            kept.Of(Batch.Of([examples[epoch], examples[0]]), batch =>
            {
                read += batch.Examples.Count;
                return torch.ones(batch.VectorStarts[^1], 4);
            });
        Assert.Equal(4, read);
    }

    [Fact]
    public void Once_the_memory_is_full_no_more_is_kept_and_what_is_not_is_computed_in_every_batch()
    {
        Example[] examples = [.. Enumerable.Range(0, 4).Select(i => new Example([i], [0], Example.FirstToken, [0]))];
        var kept = new KeptStates(mostNumbers: 8);
        using var states = torch.NewDisposeScope();
        Assert.Equal([0], Read(0));
        // Both do not fit, and so neither is kept, nor is one of them later.
        Assert.Equal([1, 2], Read(1, 2));
        Assert.Equal([1], Read(0, 1));
        Assert.Equal([1], Read(1, 0));

        // The examples that are computed for a batch; each is read as its own number.
        int[] Read(params int[] batch)
        {
            int[] computed = [];
            var vectors = kept.Of(Batch.Of([.. batch.Select(i => examples[i])]), missing =>
            {
                computed = missing.Rows.Ids;
                return torch.tensor(computed.SelectMany(i => Enumerable.Repeat((float)i, 4)).ToArray()).view(-1, 4);
            });
            Assert.Equal(batch.SelectMany(i => Enumerable.Repeat((float)i, 4)), ParameterFactory.ToArray(vectors));
            return computed;
        }
    }
}
