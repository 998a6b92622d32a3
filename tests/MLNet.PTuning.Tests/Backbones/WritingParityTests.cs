// Writing against an independent computation in plain Python that recomputes every row for every token: loss and gradient over targets, greedy search, beam search with several length penalties.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class WritingParityTests : IDisposable
{
    private const int PromptLength = 3;

    private readonly TempFolder _folder = new();
    private WeightFile? _case, _rows;

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void The_loss_over_targets_and_the_prefixs_gradient_equal_the_reference(string name)
    {
        using var model = Model(name);
        using var scope = torch.NewDisposeScope();
        int[][] targets = Split(Ints("in.targets"), Ints("in.target_lengths"));
        List<Example> examples = [.. Rows().Zip(targets, (row, target) => new Example([.. row, .. target], new int[row.Length + target.Length],
            [.. Enumerable.Range(row.Length - 1, target.Length + 1)], [.. target, 2]) { Over = SoftmaxOver.Tokens })];
        double loss = ComputeThread.Run(() =>
        {
            using var dropout = new Dropout(1, torch.CPU, inBackbone: false);
            return Trainer.Backward(model, [Batch.Of(examples)], dropout, 0, null, null);
        });
        Assert.Equal(Floats("out.loss")[0], loss, 1e-5);
        Assert.All(Floats("grad.prefix").Zip(ParameterFactory.ToArray(model.Parameters.Single().Value.grad!)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));

        float[][] predicted = model.Predict(examples);
        Assert.Equal(loss, -predicted.Sum(row => row.Sum()) / predicted.Sum(row => row.Length), 1e-5);
        Assert.Equal(-loss, TextGeneration.Score(examples, predicted), 1e-5);
        Assert.Equal((9, loss), (examples.Zip(predicted).Sum(p => CrossEntropy.OfPrediction(p.First, p.Second, 1).Count), examples.Zip(predicted).Sum(p => CrossEntropy.OfPrediction(p.First, p.Second, 1).Sum) / 9), (a, b) => a.Item1 == b.Item1 && Math.Abs(a.Item2 - b.Item2) < 1e-5);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void Greedy_search_finds_the_references_tokens_together_and_row_by_row(string name)
    {
        using var model = Model(name);
        var rows = Rows();
        Equal("greedy", Greedy(model, rows));
        Equal("greedy", [.. rows.SelectMany(row => Greedy(model, [row]))]);
        Equal("greedy", [.. Greedy(model, [.. rows.Reverse()]).Reverse()]);
    }

    [Theory]
    [InlineData("llama", 2, 1)]
    [InlineData("llama", 3, 1)]
    [InlineData("llama", 4, 2)]
    [InlineData("llama", 4, 0)]
    [InlineData("gpt2", 2, 1)]
    [InlineData("gpt2", 3, 1)]
    [InlineData("gpt2", 4, 2)]
    [InlineData("gpt2", 4, 0)]
    public void Beam_search_finds_the_references_texts_and_scores_together_and_row_by_row(string name, int beams, int penalty)
    {
        using var model = Model(name);
        var settings = new GenerationSettings { MaxNewTokens = Ints("in.most")[0], BeamCount = beams, LengthPenalty = penalty };
        var rows = Rows();
        Equal($"beam{beams}.penalty{penalty}", BeamSearch.Run(model, settings, Ints("in.ends"), rows));
        Equal($"beam{beams}.penalty{penalty}", [.. rows.SelectMany(row => BeamSearch.Run(model, settings, Ints("in.ends"), [row]))]);
    }

    [Theory]
    [InlineData("llama", "prefix", 512)]
    [InlineData("llama", "prefix", 2)]
    [InlineData("gpt2", "prefix", 3)]
    [InlineData("llama", "vectors", 4)]
    [InlineData("gpt2", "none", 512)]
    public void Rows_in_a_cache_have_the_states_of_rows_that_are_computed_whole(string name, string prompt, int longestPass)
    {
        using var model = Model(name);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var encoder = model.Backbone.Encoder;
        var state = prompt switch
        {
            "prefix" => model.State(),
            "vectors" => new PromptState { Vectors = torch.randn(2, encoder.Config.EmbeddingSize) },
            _ => PromptState.None,
        };
        int[][] rows = [[3, 7, 9, 12, 5], [4], [27, 8, 2]];
        if (prompt == "vectors") rows = Array.ConvertAll(rows, row => (int[])[-1, -2, .. row]);
        using var cache = new KeyValueCache(encoder, state) { LongestPass = longestPass };
        Same(rows, cache.Append(rows));
        // Further pieces of different number, then rows reordered, repeated and left out; more pieces than there is room for at first.
        rows = Grown(rows, [[6], [11, 20, 3], [14]], out var pieces);
        Same(rows, cache.Append(pieces));
        int[] from = [2, 0, 0];
        rows = Grown([.. from.Select(i => rows[i])], [[1], [2], [3]], out pieces);
        Same(rows, cache.Append(pieces, from));
        rows = Grown([rows[1]], [[.. Enumerable.Range(0, 40).Select(i => i % 28)]], out pieces);
        Same(rows, cache.Append(pieces, [1]));

        void Same(int[][] all, torch.Tensor last)
        {
            float[] actual = ParameterFactory.ToArray(last);
            int width = actual.Length / all.Length;
            for (int i = 0; i < all.Length; i++)
            {
                float[] expected = ParameterFactory.ToArray(encoder.Forward(new PackedBatch(all[i], new int[all[i].Length], [0, all[i].Length]), [all[i].Length - 1], state, null));
                Assert.All(expected.Zip(actual.AsSpan(i * width, width).ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            }
        }

        static int[][] Grown(int[][] rows, int[][] more, out int[][] pieces)
        {
            pieces = more;
            return [.. rows.Zip(more, (row, m) => (int[])[.. row, .. m])];
        }
    }

    public void Dispose()
    {
        _case?.Dispose();
        _rows?.Dispose();
        _folder.Dispose();
    }

    private GeneratedRow[] Greedy(TunedModel model, int[][] rows)
    {
        using var written = new TokenByToken(model, new GenerationSettings { MaxNewTokens = Ints("in.most")[0] }, Ints("in.ends"), [.. rows.Select(row => (row, ""))]);
        while (!written.IsDone) written.Step();
        return [.. written.Rows.Select(row => row.Result)];
    }

    private void Equal(string search, IReadOnlyList<GeneratedRow> rows)
    {
        Assert.Equal(Split(Ints(search + ".tokens"), Ints(search + ".lengths")), rows.Select(row => row.Tokens.ToArray()));
        Assert.All(Floats(search + ".scores").Zip(rows), pair => Assert.Equal(pair.First, pair.Second.Score, 1e-4));
    }

    private TunedModel Model(string name)
    {
        foreach (string file in Directory.GetFiles(Shared.Fixture("decoders", name))) File.Copy(file, _folder.At(Path.GetFileName(file)));
        File.WriteAllText(_folder.At("vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary));
        (_case, _rows) = (WeightFile.Open(Shared.Fixture("decoders", "cases", name + "-writing.safetensors")), WeightFile.Open(Shared.Fixture("decoders", "cases", name + ".safetensors")));
        var model = TunedModel.Create(FrozenBackbone.Use(_folder.Path, torch.CPU), new DeepPrompt { Length = PromptLength, Dropout = 0, Start = PromptStart.Random }, 1, pools: false, headDropout: 0, seed: 1, writes: true);
        using var noGrad = torch.no_grad();
        using var value = torch.tensor(Floats("param.prefix")).view(model.Parameters.Single().Value.shape);
        model.Parameters.Single().Value.copy_(value);
        return model;
    }

    private int[][] Rows() => Split(Array.ConvertAll(_rows!.ReadRaw<long>("in.ids"), id => (int)id), Array.ConvertAll(_rows.ReadRaw<long>("in.lengths"), n => (int)n));

    private float[] Floats(string name) => _case!.ReadFloats(name);

    private int[] Ints(string name) => Array.ConvertAll(_case!.ReadRaw<long>(name), n => (int)n);

    private static int[][] Split(int[] all, int[] lengths)
    {
        int at = 0;
        return Array.ConvertAll(lengths, length => all[at..(at += length)]);
    }
}
