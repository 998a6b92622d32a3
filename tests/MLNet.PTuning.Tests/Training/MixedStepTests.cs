// A step of several tasks' rows: the same loss and gradients in one pass and in several, those of each task's rows alone, weighed by their number.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Training;

public sealed class MixedStepTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly List<TunedModel> _models = [];

    [Theory]
    [InlineData(Precision.Float32, false, 1, 0)]
    [InlineData(Precision.Float32, true, 1, 0)]
    [InlineData(Precision.Float32, true, 3, 1e-5)]
    [InlineData(Precision.Int8, true, 1, 0)]
    [InlineData(Precision.BFloat16, true, 1, 0.02)]
    public void One_pass_and_a_pass_for_each_prompt_give_the_same_gradients(Precision precision, bool drops, int threads, double tolerance)
    {
        var tasks = Tasks(new SoftPrompt { Length = 3 }, taskRank: 1, threads: threads, precision: precision);
        Assert.All(tasks, task => Assert.True(task.Model.MixesRows));
        var rows = Rows(tasks, [9, 1, 14]);
        var (losses, gradients) = Step(tasks, rows, mixes: true, drops);
        var (apart, ofApart) = Step(tasks, rows, mixes: false, drops);
        Assert.Equal([9, 1, 14], losses.Select(loss => loss.Rows));
        AssertSame(apart.Select(loss => (float)loss.Loss), losses.Select(loss => (float)loss.Loss), tolerance);
        AssertSame(ofApart, gradients, tolerance);
        Assert.DoesNotContain(gradients, float.IsNaN);
    }

    [Fact]
    public void Rows_beyond_one_pass_have_the_same_gradients_in_several()
    {
        var tasks = Tasks(new SoftPrompt { Length = 3 }, taskRank: 1, threads: 1);
        var rows = Rows(tasks, [200, 1, 150]);
        Assert.True(rows.Sum(r => r.Row.Ids.Length) > 4096);
        var (losses, gradients) = Step(tasks, rows, mixes: true, drops: true);
        var (apart, ofApart) = Step(tasks, rows, mixes: false, drops: true);
        Assert.Equal(apart, losses);
        AssertSame(ofApart, gradients, 0);
    }

    public static TheoryData<TuningMethod, int?> Methods => new()
    {
        { new DeepPrompt { Length = 4, Dropout = 0 }, null }, { new SoftPrompt { Length = 2 }, null }, { new SoftPrompt { Length = 2 }, 2 }, { new DeepPrompt { Length = 2, Dropout = 0, Reparameterize = true, EncoderHiddenSize = 4 }, null },
        { new BottleneckAdapter { Size = 2 }, null }, { new BitFit(), null },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void Gradients_are_those_of_each_task_alone_weighed_by_its_rows(TuningMethod method, int? taskRank) => AssertWeighed(Tasks(method, taskRank));

    [Fact]
    public void On_an_encoder_that_does_not_mix_prompts_the_gradients_are_the_same_sums()
    {
        using var parity = new ParityCase("deberta-v2", "a_encoder");
        var tasks = Tasks(new SoftPrompt { Length = 2 }, taskRank: 1, parity.Lease);
        Assert.All(tasks, task => Assert.False(task.Model.MixesRows));
        AssertWeighed(tasks);
    }

    [Fact]
    public void A_task_without_rows_in_the_batch_has_no_loss_and_no_gradient_of_its_own()
    {
        var tasks = Tasks(new SoftPrompt { Length = 2 }, taskRank: 1);
        var (losses, _) = Step(tasks, [.. Rows(tasks, [3, 0, 1])], mixes: true, drops: false);
        Assert.Equal([0, 2], losses.Select(loss => loss.Task));
        Assert.All(tasks[1].Model.OwnParameters, parameter => Assert.Null(parameter.Value.grad));
        Assert.All(tasks[2].Model.OwnParameters, parameter => Assert.NotNull(parameter.Value.grad));
    }

    [Fact]
    public void Rows_without_a_target_count_nothing()
    {
        var tasks = Tasks(new DeepPrompt { Length = 2, Dropout = 0 }, taskRank: null);
        var rows = Rows(tasks, [4, 2, 3]);
        (int Task, Example Row)[] more = [.. rows, (0, Untargeted(rows[0].Row)), (1, Untargeted(rows[^1].Row))], none = [(2, Untargeted(rows[^1].Row))];
        var (expected, ofRows) = Step(tasks, rows, mixes: true, drops: false);
        var (losses, gradients) = Step(tasks, more, mixes: true, drops: false);
        Assert.Equal(expected.Select(loss => loss.Rows), losses.Select(loss => loss.Rows));
        AssertSame(ofRows, gradients, 1e-5);
        Assert.Empty(Step(tasks, none, mixes: true, drops: false).Losses);

        static Example Untargeted(Example row) => row with { Targets = [.. row.Targets.Select(_ => Example.NoTarget)] };
    }

    public void Dispose()
    {
        foreach (var model in _models) model.Dispose();
        _backbone.Dispose();
    }

    private void AssertWeighed(SharedTask[] tasks)
    {
        foreach (int[] counts in new int[][] { [9, 1, 14], [0, 6, 2], [1, 0, 0] })
        {
            var rows = Rows(tasks, counts);
            var (losses, gradients) = Step(tasks, rows, mixes: tasks[0].Model.MixesRows, drops: false);
            var expected = new float[gradients.Length];
            foreach (var (task, ofRows, loss) in losses)
            {
                var alone = tasks[task];
                Assert.Equal(counts[task], ofRows);
                float[] ofTask = ComputeThread.Run(() =>
                {
                    using var scope = torch.NewDisposeScope();
                    using var dropout = new Dropout(1, torch.CPU, inBackbone: false);
                    Clear(tasks);
                    Assert.Equal(loss, Trainer.Backward(alone.Model, [Batch.Of([.. rows.Where(r => r.Task == task).Select(r => r.Row)])], dropout, 0, alone.ClassWeights, null), 1e-5);
                    return Gradients(tasks);
                });
                for (int i = 0; i < expected.Length; i++) expected[i] += ofTask[i] * ofRows / rows.Length;
            }
            Assert.Contains(expected, g => g != 0);
            AssertSame(expected, gradients, 2e-5);
        }
    }

    private static (IReadOnlyList<TaskLoss> Losses, float[] Gradients) Step(SharedTask[] tasks, (int Task, Example Row)[] rows, bool mixes, bool drops) => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        using var step = new MixedStep(tasks, seed: 5, dropsInBackbone: drops) { Mixes = mixes };
        Clear(tasks);
        var losses = step.Backward(rows, 3);
        return (losses, Gradients(tasks));
    });

    private static void Clear(SharedTask[] tasks)
    {
        foreach (var parameter in tasks.SelectMany(task => task.Model.Parameters)) parameter.Value.grad = null;
    }

    // Of what all share, and of every task's own; zero where there is none.
    private static float[] Gradients(SharedTask[] tasks) =>
        [.. tasks[0].Model.SharedParameters.Concat(tasks.SelectMany(task => task.Model.OwnParameters)).SelectMany(p => p.Value.grad is { } gradient ? ParameterFactory.ToArray(gradient) : new float[p.Value.numel()])];

    private static void AssertSame(IEnumerable<float> expected, IEnumerable<float> actual, double tolerance)
    {
        float[] e = [.. expected], a = [.. actual];
        if (tolerance == 0) Assert.Equal(e, a);
        else Assert.InRange(Math.Sqrt(e.Zip(a, (x, y) => (double)(x - y) * (x - y)).Sum() / e.Sum(x => (double)x * x)), 0, tolerance);
    }

    // Texts of two and three classes, the latter with weights, and words of four.
    private SharedTask[] Tasks(TuningMethod method, int? taskRank, Func<FrozenBackbone.Lease>? lease = null, int? threads = null, Precision precision = Precision.Float32)
    {
        lease ??= () => FrozenBackbone.Use(_backbone.Path, torch.CPU, precision);
        var first = TunedModel.Create(lease(), method, classes: 2, pools: true, headDropout: 0, seed: 1, taskRank: taskRank);
        TunedModel[] models = [first, TunedModel.Sharing(first, lease(), classes: 3, pools: true, headDropout: 0, seed: 2, words: null), TunedModel.Sharing(first, lease(), classes: 4, pools: false, headDropout: 0, seed: 3, words: null)];
        foreach (var model in models) model.Computation = new Computation(precision, threads);
        _models.AddRange(models);
        return [.. models.Select((model, i) => new SharedTask($"task {i}", model, [], i == 1 ? [1, 2, 0.5] : null, null, (_, _) => 0))];
    }

    private static (int Task, Example Row)[] Rows(SharedTask[] tasks, int[] counts)
    {
        var random = new Random(7);
        var vectors = ComputeThread.Run(() => (int)(tasks[0].Model.State().Vectors?.shape[0] ?? 0));
        (int, Example)[] rows = [.. counts.SelectMany((count, task) => Enumerable.Range(0, count).Select(_ => (task, Row(task))))];
        random.Shuffle(rows);
        return rows;

        Example Row(int task)
        {
            int length = random.Next(3, 25);
            int[] ids = [2, .. Enumerable.Range(0, vectors).Select(j => -1 - j), .. Enumerable.Range(0, length).Select(_ => random.Next(5, 28))];
            int[] read = task == 2 ? [1, ids.Length / 2, ids.Length - 1] : [0];
            return new Example(ids, new int[ids.Length], read, [.. read.Select((at, i) => i == 1 ? Example.NoTarget : random.Next(tasks[task].Model.ClassCount))]);
        }
    }
}
