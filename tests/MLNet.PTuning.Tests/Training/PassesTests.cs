// A batch of more word pieces than one pass takes: the same step in several.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Training;

public sealed class PassesTests : IDisposable
{
    private const int MostPieces = 4096;

    private readonly TinyBackbone _backbone = new();

    public PassesTests()
    {
        _backbone.SetConfig("hidden_dropout_prob", 0.0);
        _backbone.SetConfig("attention_probs_dropout_prob", 0.0);
    }

    [Fact]
    public void Passes_hold_every_row_once_and_in_order_and_none_is_much_too_large()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 200; trial++)
        {
            var rows = Rows(random.Next(1, 300), random, longest: random.Next(3, 600));
            var passes = Batch.Passes(rows);

            int pieces = rows.Sum(r => r.Ids.Length), longest = rows.Max(r => r.Ids.Length);
            Assert.Equal(Math.Min((pieces + MostPieces - 1) / MostPieces, rows.Length), passes.Count);
            Assert.Equal(rows.SelectMany(r => r.Ids), passes.SelectMany(p => p.Rows.Ids));
            Assert.Equal(rows.SelectMany(r => r.Targets), passes.SelectMany(p => p.Targets));
            Assert.All(passes, p => Assert.InRange(p.Rows.Ids.Length, 1, MostPieces + longest));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Loss_and_gradient_of_several_passes_are_those_of_one(bool weighted)
    {
        var rows = Rows(400, new Random(2), longest: 36);
        double[]? weights = weighted ? [1, 3, 0.5] : null;
        Assert.InRange(Batch.Passes(rows).Count, 2, 5);

        var (loss, gradient) = Step([Batch.Of(rows)]);
        var (lossOfPasses, gradientOfPasses) = Step(Batch.Passes(rows));

        Assert.Equal(loss, lossOfPasses, 1e-5);
        double length = Math.Sqrt(gradient.Sum(g => g * g)), difference = Math.Sqrt(gradient.Zip(gradientOfPasses, (a, b) => (a - b) * (a - b)).Sum());
        Assert.InRange(difference / length, 0, 1e-4);

        (double, float[]) Step(IReadOnlyList<Batch> batch)
        {
            using var model = Model();
            return ComputeThread.Run(() =>
            {
                using var scope = torch.NewDisposeScope();
                using var dropout = new Dropout(1, torch.CPU, inBackbone: true);
                double value = Trainer.Backward(model, batch, dropout, 0, weights, null);
                return (value, model.Parameters.SelectMany(p => ParameterFactory.ToArray(p.Value.grad!)).ToArray());
            });
        }
    }

    [Fact]
    public void Rows_have_the_same_predictions_in_several_passes_and_alone()
    {
        var rows = Rows(300, new Random(3), longest: 36);
        using var model = Model();
        float[][] together = model.Predict(rows);
        Assert.InRange(Batch.Passes(rows).Count, 2, 5);
        foreach (int row in (int[])[0, 1, 150, 299])
            Assert.All(model.Predict([rows[row]])[0].Zip(together[row]), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }

    [Theory]
    [InlineData(Pooling.FirstToken)]
    [InlineData(Pooling.Mean)]
    public void An_example_of_many_rows_is_predicted_in_several_passes_with_the_scores_of_one(Pooling pooling)
    {
        using var model = TunedModel.Create(FrozenBackbone.Use(_backbone.Path, torch.CPU), new DeepPrompt { Length = 2 }, classes: 1, pools: pooling == Pooling.FirstToken, headDropout: null, seed: 1);
        var form = new RowForm(model.Backbone.Tokenizer, 37, new DeepPrompt { Length = 2 }, hasPairs: true);
        var random = new Random(4);
        Example[] examples = [.. new[] { 3, 300, 1 }.Select(choices => MultipleChoice.Example([.. Enumerable.Range(0, choices).Select(_ => form.Join(Pieces(20), Pieces(1 + random.Next(12))))], 0, pooling))];
        Assert.True(examples[1].Ids.Length > 2 * MostPieces);
        Assert.All(Batch.Passes([.. examples.SelectMany(example => example.Rows())]), pass => Assert.InRange(pass.Rows.Ids.Length, 1, MostPieces + 37));
        float[] expected = ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            return ParameterFactory.ToArray(model.Logits(Batch.Of(examples), null));
        });
        float[][] predicted = model.Predict(examples);
        Assert.Equal([3, 300, 1], predicted.Select(scores => scores.Length));
        Assert.All(predicted.SelectMany(scores => scores).Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));

        IReadOnlyList<MLNet.PTuning.Text.Piece> Pieces(int words) => form.TextPieces(string.Join(' ', random.GetItems(TinyBackbone.Vocabulary[5..], words)));
    }

    [Fact]
    public void A_steps_passes_have_masks_of_their_own()
    {
        using var dropout = new Dropout(1, torch.CPU, inBackbone: true);
        var seeds = new HashSet<ulong>();
        for (int step = 0; step < 20; step++)
            for (int pass = 0; pass < 5; pass++)
            {
                dropout.StartStep(step, pass);
                Assert.True(seeds.Add(dropout.StepSeed));
            }
    }

    public void Dispose() => _backbone.Dispose();

    private TunedModel Model() =>
        TunedModel.Create(FrozenBackbone.Use(_backbone.Path, torch.CPU), new DeepPrompt { Length = 2 }, classes: 3, pools: false, headDropout: null, seed: 1);

    // Rows that are read at several positions, not all of which have a target, and some rows have none.
    private static Example[] Rows(int count, Random random, int longest) => [.. Enumerable.Range(0, count).Select(row =>
    {
        int length = random.Next(2, longest + 1);
        int[] ids = [.. Enumerable.Range(0, length).Select(_ => random.Next(TinyBackbone.Vocabulary.Length))], positions = [0, length - 1];
        return new Example(ids, new int[length], positions, [.. positions.Select(_ => row % 5 == 0 ? Example.NoTarget : random.Next(-1, 3) is >= 0 and var target ? target : Example.NoTarget)]);
    })];
}
