// Soft prompts that are trained together, each the shared one times a factor of low rank, and PEFT's folder of them.
using System.Diagnostics;
using Microsoft.ML;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class TaskRankTests : ThreeTasks
{
    private const int Length = 4;

    private protected override TuningMethod Method => new SoftPrompt { Length = Length, PoolsFirstVector = true };

    private protected override int? TaskRank => 1;

    [Fact]
    public void Prompts_of_two_tasks_differ_by_a_factor_of_rank_one_and_the_tasks_learn()
    {
        using var model = Train();
        float[] two = Prompt(model.Transformers["two"]), three = Prompt(model.Transformers["three"]);
        // Quotients of two matrices of rank 1 are one too: rows are multiples of each other.
        double[][] factor = [.. two.Zip(three, (a, b) => (double)a / b).Chunk(TinyBackbone.Hidden)];
        foreach (double[] row in factor)
            for (int j = 0; j < row.Length; j++) Assert.Equal(1, row[j] * factor[0][0] / (row[0] * factor[0][j]), 1e-3);
        Assert.True(Math.Abs(factor[0][0] / factor[1][0] - 1) > 1e-2, "The factor is one number.");
        Assert.True(two.Max(Math.Abs) > 0.01, "The prompt is as near zero as it began.");
        Assert.InRange(Accuracy(model.Transformers["two"], _two), 0.8, 1);
        var curve = Assert.IsType<PTuningTokenLabelingTransformer>(model.Transformers["words"]).Report!.Epochs;
        Assert.True(curve[^1].TrainingLoss < 0.8 * curve[0].TrainingLoss, string.Join(' ', curve.Select(e => e.TrainingLoss)));
    }

    [PythonTheory]
    [InlineData(1)]
    [InlineData(3)]
    public void PEFT_s_folder_of_all_tasks_has_each_task_s_vectors_bit_for_bit_and_the_checker_accepts_it(int rank)
    {
        using var model = Train(o => (o.TaskRank, o.Epochs) = (rank, 2));
        PeftFolder.Save(model, "three", _folder.At("peft"));
        Assert.StartsWith($"ok: MULTITASK_PROMPT_TUNING with {Length} virtual tokens", Check(_folder.At("peft")));
        string[] names = ["two", "three", "words"];
        for (int task = 0; task < names.Length; task++)
        {
            var read = PeftFolder.Load(_folder.At("peft"), task);
            Assert.Equal(Length, Assert.IsType<SoftPrompt>(read.Method).Length);
            using var lease = MLNet.PTuning.Backbones.FrozenBackbone.Use(_backbone.Path, TorchSharp.torch.CPU);
            Assert.Equal(Prompt(model.Transformers[names[task]]), read.TensorsFor(lease.Backbone).Read("prompt_embeddings", [Length, TinyBackbone.Hidden]));
        }
        var three = Assert.IsType<PTuningClassificationTransformer>(model.Transformers["three"]);
        var options = Reviews.Options(_backbone);
        options.StartFrom = PeftFolder.Load(_folder.At("peft"), task: 1);
        options.Method = options.StartFrom.Method;
        using var loaded = _ml.Transforms.PTuningV2ClassifyFromPeft(options, three.ClassNames).Model;
        Assert.Equal(Reviews.Scores(three, _three), Reviews.Scores(loaded, _three));
    }

    [Fact]
    public void Factors_begin_with_the_deviation_of_PEFT_s_and_a_seed_of_their_own_each()
    {
        // At a rate near zero the initial values are left unchanged.
        using var model = Train(o => (o.TaskRank, o.Epochs, o.LearningRate) = (8, 1, 1e-12));
        PeftFolder.Save(model, "two", _folder.At("peft"));
        var tensors = PeftAdapter.Load(_folder.At("peft")).Tensors;
        float[] columns = tensors["prefix_task_cols"].Floats.ToArray(), rows = tensors["prefix_task_rows"].Floats.ToArray();
        Assert.Equal((3 * Length * 8, 3 * 8 * TinyBackbone.Hidden), (columns.Length, rows.Length));
        Assert.All(new[] { columns, rows }, values => Assert.InRange(Math.Sqrt(values.Average(v => v * v)), 0.016, 0.024));
        Assert.Equal(columns.Length, columns.Distinct().Count());
    }

    [Fact]
    public void The_same_seed_gives_the_same_weights_and_another_gives_others()
    {
        byte[][] Weights(int seed)
        {
            using var model = Train(o => (o.Seed, o.Epochs, o.BackboneDropout) = (seed, 2, true));
            return [.. model.Transformers.Values.Select(SavedWeights.Of)];
        }
        byte[][] first = Weights(1);
        Assert.Equal(first, Weights(1));
        Assert.NotEqual(first[0], Weights(2)[0]);
    }

    [Fact]
    public void A_single_task_starts_from_the_mean_of_the_prompts()
    {
        using var model = Train(o => o.Epochs = 2);
        var options = new TextClassificationOptions(_backbone.Path) { StartFrom = model.Prompt, LearningRate = 1e-12, Epochs = 1 };
        using var single = Reviews.Train(options, _three);
        float[][] prompts = [.. model.Transformers.Values.Select(Prompt)];
        float[] begun = Prompt(single);
        for (int i = 0; i < begun.Length; i++) Assert.Equal(prompts.Average(p => p[i]), begun[i], 1e-6);
    }

    [Fact]
    public void A_task_still_works_and_is_saved_as_a_plain_soft_prompt_when_the_others_are_disposed()
    {
        using var model = Train(o => o.Epochs = 1);
        using var loaded = AssertWorksAlone(model);
        Assert.IsType<SoftPrompt>(loaded.Method);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Contains("null for DeepPrompt", Assert.Throws<ArgumentOutOfRangeException>(() => Train(o => o.Method = new DeepPrompt { Length = 2 })).Message);
        Assert.Contains("at least 1", Assert.Throws<ArgumentOutOfRangeException>(() => Train(o => o.TaskRank = 0)).Message);
        using var shared = Train(o => (o.TaskRank, o.Epochs) = (null, 1));
        Assert.Contains("TaskRank", Assert.Throws<NotSupportedException>(() => PeftFolder.Save(shared, "two", _folder.At("new"))).Message);
        using var readsText = Train(o => (o.Method, o.Epochs) = (new SoftPrompt { Length = 2 }, 1));
        Assert.Contains("two, three, words", Assert.Throws<ArgumentException>(() => PeftFolder.Save(readsText, "four", _folder.At("new"))).Message);
        Assert.Contains("PoolsFirstVector", Assert.Throws<NotSupportedException>(() => PeftFolder.Save(readsText, "two", _folder.At("new"))).Message);
        Assert.False(Directory.Exists(_folder.At("new")));
    }

    private float[] Prompt(ITransformer model) => Tensors(model)["prompt_embeddings"];

    private static string Check(string folder)
    {
        using var python = Process.Start(new ProcessStartInfo(PythonTheoryAttribute.Name, [Shared.Fixture("peft", "check_folder.py"), folder]) { RedirectStandardOutput = true })!;
        string output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        return output;
    }
}
