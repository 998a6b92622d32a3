// Options are checked and copied when an estimator is made: one out of its range, or against another, is refused by its name.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public class OptionsTests
{
    public static TheoryData<string, Action<TextClassificationOptions>> OutOfRange => new()
    {
        { "Epochs", o => o.Epochs = 0 },
        { "BatchSize", o => o.BatchSize = 0 },
        { "LearningRate", o => o.LearningRate = 0 },
        { "LearningRate", o => o.LearningRate = double.NaN },
        { "WarmupRatio", o => o.WarmupRatio = 1 },
        { "WarmupRatio", o => o.WarmupRatio = -0.1 },
        { "WeightDecay", o => o.WeightDecay = -1 },
        { "ClipNorm", o => o.ClipNorm = 0 },
        { "HeadLearningRate", o => o.HeadLearningRate = 0 },
        { "HeadDropout", o => o.HeadDropout = 1 },
        { "Patience", o => o.Patience = 0 },
        { "ClassWeights", o => o.ClassWeights = [1, 0] },
        { "PredictionBatchSize", o => o.PredictionBatchSize = 0 },
        { "MaxSequenceLength", o => o.MaxSequenceLength = 2 },
        { "Schedule", o => o.Schedule = (LearningRateSchedule)17 },
        { "Precision", o => o.Precision = (Precision)17 },
        { "Threads", o => o.Threads = 0 },
        { "Length", o => o.Method = new DeepPrompt { Length = 0 } },
        { "Dropout", o => o.Method = new DeepPrompt { Dropout = 1 } },
        { "InitialDeviation", o => o.Method = new DeepPrompt { InitialDeviation = 0 } },
        { "EncoderHiddenSize", o => o.Method = new DeepPrompt { EncoderHiddenSize = 0 } },
    };

    [Theory]
    [MemberData(nameof(OutOfRange), DisableDiscoveryEnumeration = true)]
    public void An_option_out_of_range_is_refused_by_name(string name, Action<TextClassificationOptions> set)
    {
        var options = new TextClassificationOptions("folder");
        set(options);
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => new MLContext().Transforms.PTuningV2Classify(options)).ParamName);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(null)]
    public void No_backbone_folder_is_refused(string? folder) => Assert.ThrowsAny<ArgumentException>(() => new MLContext().Transforms.PTuningV2Classify(folder!));

    [Theory]
    [InlineData(1, 32, 30, 30)]
    [InlineData(1000, 32, 16, 30)]
    [InlineData(2000, 32, 8, 16)]
    [InlineData(2000, 16, 8, 8)]
    [InlineData(10_000, 32, 8, 8)]
    [InlineData(1_000_000, 32, 8, 8)]
    public void Without_epochs_a_prompt_is_trained_for_about_500_steps_and_for_words_a_thousand(int rows, int batchSize, int epochs, int epochsForWords)
    {
        var options = new TextClassificationOptions("folder") { BatchSize = batchSize };
        Assert.Equal((epochs, epochsForWords), (options.EpochsFor(rows), new TokenLabelingOptions("folder") { BatchSize = batchSize }.EpochsFor(rows)));
        options.Epochs = 7;
        Assert.Equal(7, options.EpochsFor(rows));
    }

    [Theory]
    [InlineData(1000, 8)]
    [InlineData(2000, 4)]
    [InlineData(10_000, 3)]
    public void Without_epochs_everything_is_trained_for_about_250_steps(int rows, int epochs)
    {
        Assert.Equal(epochs, new TextClassificationOptions("folder") { Method = new FullFineTuning() }.EpochsFor(rows));
        Assert.Equal(epochs, new TextClassificationOptions("folder") { Method = new HardPrompt { Template = "{text}" } }.EpochsFor(rows));
    }

    [Fact]
    public void Rates_are_higher_by_default_where_words_are_labeled()
    {
        Assert.Equal((3e-2, 6e-2), (new TextClassificationOptions("folder").Rate, new TokenLabelingOptions("folder").Rate));
        var everything = new HardPrompt { Template = "{text}" };
        Assert.Equal((5e-5, 2e-4), (new TextClassificationOptions("folder") { Method = everything }.Rate, new TokenLabelingOptions("folder") { Method = everything }.Rate));
        Assert.Equal(1e-3, new TokenLabelingOptions("folder") { LearningRate = 1e-3 }.Rate);
    }

    [Fact]
    public void A_prompt_is_longer_by_default_where_words_are_labeled()
    {
        Assert.Equal(20, ((DeepPrompt)new TextClassificationOptions("folder").Method).Length);
        Assert.Equal(64, ((DeepPrompt)new TokenLabelingOptions("folder").Method).Length);
    }

    [Fact]
    public void The_backbone_drops_where_it_is_trained_or_where_the_options_say_so()
    {
        Assert.False(new TextClassificationOptions("folder").DropsInBackbone);
        Assert.True(new TextClassificationOptions("folder") { BackboneDropout = true }.DropsInBackbone);
        Assert.True(new TextClassificationOptions("folder") { Method = new FullFineTuning() }.DropsInBackbone);
        Assert.True(new TextClassificationOptions("folder") { Method = new HardPrompt { Template = "{text}" } }.DropsInBackbone);
        Assert.False(new TextClassificationOptions("folder") { Method = new FullFineTuning(), BackboneDropout = false }.DropsInBackbone);
    }

    [Fact]
    public void The_heads_rate_is_a_tenth_of_a_deep_prompts_or_what_the_options_say()
    {
        Assert.Equal(0.1, new TextClassificationOptions("folder").HeadFactor(3e-2));
        Assert.Equal(0.5, new TextClassificationOptions("folder") { HeadLearningRate = 1.5e-2 }.HeadFactor(3e-2), 1e-12);
        Assert.Equal(1, new TextClassificationOptions("folder") { Method = new FullFineTuning() }.HeadFactor(5e-5));
        Assert.Equal(0.1, new TextClassificationOptions("folder") { Method = new HardPrompt { Template = "{text}", Trains = new DeepPrompt() } }.HeadFactor(3e-2));
    }

    public static TheoryData<string, Action<TextClassificationOptions>> Contradictions => new()
    {
        { "Patience is 2", o => o.Patience = 2 },
        { "set one of them", o => (o.ValidationShare, o.ValidationSet) = (0.1, Rows()) },
        { "Two output columns are called 'Score'", o => o.PredictedLabelColumnName = "Score" },
        { "'Text' would hide", o => o.ScoreColumnName = "Text" },
        { "'Label' would hide", o => o.PredictedLabelColumnName = "Label" },
        { "'Second' would hide", o => (o.TextPairColumnName, o.ScoreColumnName) = ("Second", "Second") },
        { "name of a column is empty", o => o.TextColumnName = "" },
    };

    [Theory]
    [MemberData(nameof(Contradictions), DisableDiscoveryEnumeration = true)]
    public void Options_that_contradict_each_other_are_refused(string message, Action<TextClassificationOptions> set)
    {
        var options = new TextClassificationOptions("folder");
        set(options);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => new MLContext().Transforms.PTuningV2Classify(options)).Message);
    }

    [Fact]
    public void Columns_on_request_are_outputs_too()
    {
        var options = new TokenLabelingOptions("folder") { Entities = true, ScoreColumnName = "EntityType" };
        Assert.Contains("'EntityType'", Assert.Throws<ArgumentException>(() => new MLContext().Transforms.PTuningV2LabelTokens(options)).Message);
    }

    [Fact]
    public void Options_changed_after_an_estimator_was_made_change_nothing_in_it()
    {
        using var backbone = new TinyBackbone();
        var ml = new MLContext(seed: 1);
        var data = ml.Transforms.Conversion.MapValueToKey("Label").Fit(Rows()).Transform(Rows());
        double[] weights = [1, 2];
        var options = Reviews.Options(backbone);
        (options.Epochs, options.ClassWeights) = (1, weights);
        var estimator = ml.Transforms.PTuningV2Classify(options);
        using var before = estimator.Fit(data);
        (options.Epochs, options.ScoreColumnName, options.TextColumnName, options.Method) = (3, "Changed", "Absent", new HeadOnly());
        weights[1] = 100;
        using var after = estimator.Fit(data);
        Assert.Equal(SavedWeights.Of(before), SavedWeights.Of(after));
    }

    [Fact]
    public void A_verbalizer_s_words_changed_afterwards_change_nothing_in_it()
    {
        var verbalizer = new Verbalizer { Words = { ["positive"] = ["good"] } };
        var copy = new TextClassificationOptions("folder") { Verbalizer = verbalizer }.Copy();
        verbalizer.Words["positive"][0] = "bad";
        verbalizer.Words["negative"] = ["awful"];
        Assert.Equal(["good"], Assert.Single(copy.Verbalizer!.Words).Value);
    }

    [Fact]
    public void Lists_of_a_search_and_of_several_tasks_are_copied()
    {
        var lengths = new List<int> { 2 };
        var search = new PromptSearchOptions { Lengths = lengths }.Copy();
        lengths[0] = 4;
        Assert.Equal([2], search.Lengths);

        var task = new TextClassificationOptions("folder");
        var tasks = new List<PromptTask> { new("one", task, Rows()) };
        var together = (MultiTaskOptions)new MultiTaskOptions("folder") { Tasks = tasks }.Copy();
        tasks.Clear();
        task.TextColumnName = "Changed";
        Assert.Equal("Text", Assert.IsType<TextClassificationOptions>(Assert.Single(together.Tasks).Options).TextColumnName);
    }

    public static TheoryData<string, Action<MultiTaskOptions>, Action<TextClassificationOptions>> WithoutEffect => new()
    {
        { "ValidationSet", o => o.ValidationSet = Rows(), _ => { } },
        { "MaxSequenceLength", o => o.MaxSequenceLength = 10, _ => { } },
        { "ClassWeights", o => o.ClassWeights = [1, 2], _ => { } },
        { "EmbedBackbone", o => o.EmbedBackbone = true, _ => { } },
        { "LabelColumnName", o => o.LabelColumnName = "Gold", _ => { } },
        { "Epochs", _ => { }, o => o.Epochs = 3 },
        { "Method", _ => { }, o => o.Method = new HeadOnly() },
        { "Seed", _ => { }, o => o.Seed = 3 },
        { "LearningRate", _ => { }, o => o.LearningRate = 3 },
        { "CheckpointPath", _ => { }, o => o.CheckpointPath = "file" },
    };

    [Theory]
    [MemberData(nameof(WithoutEffect), DisableDiscoveryEnumeration = true)]
    public void Settings_without_effect_in_multi_task_training_are_refused(string name, Action<MultiTaskOptions> set, Action<TextClassificationOptions> setTask)
    {
        var task = new TextClassificationOptions("folder");
        setTask(task);
        var options = new MultiTaskOptions("folder") { Tasks = [new("one", task, Rows()), new("two", new TextClassificationOptions("folder"), Rows())] };
        set(options);
        Assert.Contains($"set {name}, which has no effect", Assert.Throws<ArgumentException>(() => new MLContext().Transforms.PTuningV2MultiTask(options)).Message);
    }

    private static IDataView Rows() => new MLContext().Data.LoadFromEnumerable(Reviews.Rows(8));
}
