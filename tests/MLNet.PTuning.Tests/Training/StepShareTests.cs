// A step that several ranks share has the loss and the gradients of one that a single rank computes, masks of dropout included.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Training;

public sealed class StepShareTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TinyDecoder _decoder = new();
    private readonly TempFolder _folder = new();

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (string name in (string[])["prompt", "soft prompt", "adapters", "fine-tuning", "deberta", "decoder", "decoder's adapters"])
                foreach (int ranks in (int[])[2, 3, 5]) cases.Add(name, ranks);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_gradients_of_all_ranks_add_up_to_those_of_the_step(string name, int ranks)
    {
        using var model = Model(name);
        var rows = Rows(400, new Random(3), longest: 30);
        Assert.InRange(Batch.Passes(rows).Count, 2, 4);
        double[] weights = [1, 3, 0.5];
        var (loss, gradient) = Step(StepShare.Of(rows, 0, 1));
        var parts = Enumerable.Range(0, ranks).Select(rank => Step(StepShare.Of(rows, rank, ranks))).ToList();
        Assert.Equal(loss, parts.Sum(p => p.Loss), 1e-5);
        float largest = gradient.Max(Math.Abs);
        for (int i = 0; i < gradient.Length; i++) Assert.Equal(gradient[i], parts.Sum(p => p.Gradient[i]), 2e-5f * largest);

        (double Loss, float[] Gradient) Step(StepShare share) => ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            foreach (var parameter in model.Parameters) parameter.Value.grad = null;
            using var dropout = new Dropout(1, torch.CPU, inBackbone: true);
            double value = Trainer.Backward(model, share.Passes, dropout, 7, weights, null, share.Examples);
            return (value, model.Parameters.SelectMany(p => p.Value.grad is { } g ? ParameterFactory.ToArray(g) : new float[p.Value.numel()]).ToArray());
        });
    }

    [Fact]
    public void Every_row_is_one_ranks_and_a_step_with_fewer_rows_than_ranks_leaves_some_without()
    {
        var rows = Rows(3, new Random(1), longest: 9);
        var shares = Enumerable.Range(0, 8).Select(rank => StepShare.Of(rows, rank, 8)).ToList();
        Assert.Equal(rows, shares.SelectMany(share => share.Passes).SelectMany(pass => pass.Examples));
        Assert.Contains(shares, share => share.Passes.Count == 0);
    }

    [Fact]
    public void Ranks_have_about_as_many_word_pieces_each()
    {
        var rows = Rows(64, new Random(1), longest: 30).OrderBy(row => row.Ids.Length).ToList();
        int all = rows.Sum(row => row.Ids.Length);
        for (int rank = 0; rank < 4; rank++)
            Assert.InRange(StepShare.Of(rows, rank, 4).Passes.Sum(pass => pass.Rows.Ids.Length), all / 4 - 30, all / 4 + 30);
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _decoder.Dispose();
        _folder.Dispose();
    }

    private TunedModel Model(string name)
    {
        var (folder, method) = name switch
        {
            "prompt" => (_backbone.Path, (TuningMethod)new DeepPrompt { Length = 3, Dropout = 0.2 }),
            "soft prompt" => (_backbone.Path, new SoftPrompt { Length = 3 }),
            "adapters" => (_backbone.Path, new BottleneckAdapter { Size = 4 }),
            "fine-tuning" => (_backbone.Path, new FullFineTuning()),
            "deberta" => (Deberta(), new DeepPrompt { Length = 3, Dropout = 0.2 }),
            "decoder" => (_decoder.Path, new DeepPrompt { Length = 3, Dropout = 0.2 }),
            _ => (_decoder.Path, new BottleneckAdapter { Size = 4 }),
        };
        return TunedModel.Create(FrozenBackbone.Use(folder, torch.CPU), method, classes: 3, pools: false, headDropout: 0.3, seed: 1);
    }

    // The fixture's, with any tokenizer.
    private string Deberta()
    {
        foreach (string file in Directory.GetFiles(Shared.Fixture("families", "deberta-v2"))) File.Copy(file, _folder.At(Path.GetFileName(file)));
        File.WriteAllText(_folder.At("vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary));
        return _folder.Path;
    }

    // Rows that are read at one or several positions, not all of which have a target.
    private static Example[] Rows(int count, Random random, int longest) => [.. Enumerable.Range(0, count).Select(row =>
    {
        int length = random.Next(3, longest + 1);
        int[] ids = [.. Enumerable.Range(0, length).Select(_ => random.Next(TinyBackbone.Vocabulary.Length))], positions = row % 3 == 0 ? [0, 1, length - 1] : [0, length - 1];
        return new Example(ids, new int[length], positions, [.. positions.Select(_ => row % 7 == 0 ? Example.NoTarget : random.Next(-1, 3) is >= 0 and var target ? target : Example.NoTarget)]);
    })];
}
