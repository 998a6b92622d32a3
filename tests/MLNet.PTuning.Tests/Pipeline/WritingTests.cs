// Writing as an app uses it: a decoder learns endings, writes them in views and engines, is saved, loaded, searched, and trained beside other tasks.
using Microsoft.ML;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class WritingTests : IDisposable
{
    private readonly TinyDecoder _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    public static TheoryData<string, TuningMethod> Methods => new()
    {
        { "llama", new DeepPrompt { Length = 4 } }, { "llama", new PrefixTuning { Length = 4, EncoderHiddenSize = 8 } }, { "llama", new SoftPrompt { Length = 4 } }, { "llama", new PTuningV1() },
        { "llama", new BottleneckAdapter { Size = 4 } }, { "llama", new FullFineTuning() }, { "gpt2", new DeepPrompt { Length = 4, Reparameterize = true, EncoderHiddenSize = 8 } },
        { "gpt2", new SoftPrompt { Length = 4 } }, { "gpt2", new BitFit() }, { "gpt2", new HardPrompt { Template = "it was {text} so" } },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_method_learns_and_a_loaded_model_writes_the_same(string name, TuningMethod method)
    {
        using var backbone = new TinyDecoder(name);
        var options = Endings.Options(backbone);
        (options.Method, options.Epochs, options.BackboneDropout) = (method, method is FullFineTuning ? 20 : 8, false);
        using var model = Endings.Train(options, Endings.Rows(40));
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss);
        var test = Endings.Rows(20, seed: 2);
        var written = Endings.Write(model, test);
        Assert.All(written, row => Assert.InRange(row.Score, -20, 0));
        if (method is FullFineTuning) Assert.InRange(test.Zip(written).Count(p => p.First.Target == p.Second.GeneratedText), 18, 20);

        _ml.Model.SaveSafely(model, null, _folder.At("model.zip"));
        using var loaded = (PTuningTextGenerationTransformer)new MLContext().Model.Load(_folder.At("model.zip"), out _);
        Same(written, Endings.Write(loaded, test));
        Assert.Equal(model.Generation, loaded.Generation with { StopTexts = model.Generation.StopTexts });
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(3, null)]
    [InlineData(1, 1.5)]
    public void An_engine_and_batches_of_any_size_write_what_a_view_writes_and_need_no_target(int beams, double? temperature)
    {
        var options = Endings.Options(_backbone);
        (options.BeamCount, options.Temperature) = (beams, temperature);
        using var model = Endings.Train(options);
        options.PredictionBatchSize = 20;
        using var other = Endings.Train(options);
        var rows = Endings.Rows(20, seed: 3);
        var expected = Endings.Write(model, rows);
        Assert.Equal(expected.Select(row => row.GeneratedText), Endings.Texts(other, rows));
        Assert.True(expected.Select(row => row.GeneratedText).Distinct().Count() > 1);
        var engine = _ml.Model.CreatePredictionEngine<Given, Written>(model);
        Same(expected, [.. rows.Select(row => engine.Predict(new Given { Text = row.Text }))]);
    }

    [Fact]
    public void Perplexity_is_that_of_the_validation_score_and_falls_by_training()
    {
        var heldOut = _ml.Data.LoadFromEnumerable(Endings.Rows(20, seed: 4));
        var options = Endings.Options(_backbone);
        (options.ValidationSet, options.Epochs) = (heldOut, 6);
        using var model = Endings.Train(options, Endings.Rows(40));
        var kept = model.Report!.Epochs[model.Report.BestEpoch - 1];
        Assert.Equal(kept.ValidationLoss!.Value, -kept.ValidationScore!.Value, 1e-6);
        Assert.Equal(model.Report.Epochs.Max(e => e.ValidationScore), kept.ValidationScore);
        double perplexity = model.Perplexity(heldOut);
        Assert.Equal(Math.Exp(kept.ValidationLoss.Value), perplexity, 1e-4 * perplexity);
        using var untuned = _ml.Transforms.PTuningV2GenerateUntuned(new TextGenerationOptions(_backbone.Path) { MaxNewTokens = 6 }).Model;
        Assert.True(perplexity < untuned.Perplexity(heldOut));
        Assert.Contains("Row 2 has no target", Assert.Throws<ArgumentException>(() => model.Perplexity(_ml.Data.LoadFromEnumerable(new Ending[] { new() { Text = "it", Target = "was" }, new() { Text = "it" } }))).Message);
        Assert.Contains("no rows", Assert.Throws<ArgumentException>(() => model.Perplexity(_ml.Data.LoadFromEnumerable(Array.Empty<Ending>()))).Message);
    }

    [Fact]
    public void A_search_returns_the_best_trial_and_several_tasks_share_a_prompt()
    {
        var search = new PromptSearchOptions { Lengths = [2, 4], LearningRates = [1e-3, 3e-2], Dropouts = [0.1], Reparameterize = [false], Trials = 3, Reduction = 3 };
        using var found = _ml.Transforms.PTuningV2Search(new TextGenerationOptions(_backbone.Path) { Epochs = 2, ValidationShare = 0.3, MaxNewTokens = 6 }, search).Fit(_ml.Data.LoadFromEnumerable(Endings.Rows(30)));
        Assert.Equal(4, found.SearchReport!.Trials.Count);

        var texts = _ml.Data.LoadFromEnumerable(Reviews.Rows(24));
        var options = new MultiTaskOptions(_backbone.Path)
        {
            Method = new DeepPrompt { Length = 4 }, Epochs = 8, BatchSize = 8, LearningRate = 0.05,
            Tasks =
            [
                new("texts", new TextClassificationOptions(_backbone.Path), _ml.Transforms.Conversion.MapValueToKey("Label").Fit(texts).Transform(texts)),
                new("endings", new TextGenerationOptions(_backbone.Path) { MaxNewTokens = 6 }, _ml.Data.LoadFromEnumerable(Endings.Rows(24))),
            ],
        };
        using var model = _ml.Transforms.PTuningV2MultiTask(options).Fit();
        var curve = Assert.IsType<PTuningTextGenerationTransformer>(model.Transformers["endings"]).Report!.Epochs;
        Assert.True(curve[^1].TrainingLoss < curve[0].TrainingLoss);
        Assert.Equal(3, Endings.Texts(model.Transformers["endings"], Endings.Rows(3)).Length);
        var started = Endings.Options(_backbone);
        (started.Method, started.StartFrom) = (new DeepPrompt { Length = 4 }, model.Prompt);
        using var alone = Endings.Train(started);
        Assert.True(alone.Report!.Epochs[0].TrainingLoss < curve[0].TrainingLoss);
    }

    [Fact]
    public void A_run_that_was_stopped_is_resumed_to_the_same_model()
    {
        using var whole = Endings.Train(Endings.Options(_backbone));
        var options = Endings.Options(_backbone);
        using var stop = new CancellationTokenSource();
        (options.CheckpointPath, options.CheckpointEverySteps, options.CancellationToken) = (_folder.At("run.ckpt"), 1, stop.Token);
        options.Progress = new AfterSteps(4, stop.Cancel);
        Assert.ThrowsAny<OperationCanceledException>(() => Endings.Train(options));
        options = Endings.Options(_backbone);
        options.ResumeFrom = _folder.At("run.ckpt");
        using var resumed = Endings.Train(options);
        Assert.Equal(SavedWeights.Of(whole), SavedWeights.Of(resumed));
    }

    [Theory]
    [InlineData("prefix")]
    [InlineData("vectors")]
    public void PEFT_folders_are_of_CAUSAL_LM_without_a_head_and_come_back_bit_for_bit(string kind)
    {
        var options = Endings.Options(_backbone);
        options.Method = kind == "prefix" ? new DeepPrompt { Length = 4 } : new SoftPrompt { Length = 4 };
        using var model = Endings.Train(options);
        PeftFolder.Save(model, _folder.At("peft"));
        var adapter = PeftAdapter.Load(_folder.At("peft"));
        Assert.Equal(("CAUSAL_LM", kind == "prefix" ? PeftType.PREFIX_TUNING : PeftType.PROMPT_TUNING), (adapter.Config.TaskType, adapter.Config.Type));
        Assert.Equal([PeftAdapter.PromptName], adapter.Tensors.Keys);
        Assert.Null(adapter.Config.ModulesToSave);
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"], Directory.GetFiles(_folder.At("peft")).Select(Path.GetFileName).Order());

        using var loaded = _ml.Transforms.PTuningV2GenerateFromPeft(_backbone.Path, _folder.At("peft"), maxNewTokens: 6).Model;
        var rows = Endings.Rows(10, seed: 5);
        Same(Endings.Write(model, rows), Endings.Write(loaded, rows));
        Assert.Equal(model.Model.Trained().Values.Single().Bytes, loaded.Model.Trained().Values.Single().Bytes);
        options.StartFrom = PeftFolder.Load(_folder.At("peft"));
        using var further = Endings.Train(options);
        Assert.True(further.Report!.Epochs[0].TrainingLoss < model.Report!.Epochs[0].TrainingLoss);
        Assert.Contains("was trained for CAUSAL_LM", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.At("peft"), ["a", "b"])).Message);
    }

    [Fact]
    public void The_promised_schema_is_the_models_and_any_active_columns_give_the_same_values()
    {
        var options = Endings.Options(_backbone);
        options.GeneratedTextColumnName = "Ending";
        var data = _ml.Data.LoadFromEnumerable(Endings.Rows(8));
        var promised = new ShapeSpy();
        using var chain = _ml.Transforms.PTuningV2Generate(options).Append(promised).Fit(data);
        var model = ((IEnumerable<ITransformer>)chain).OfType<PTuningTextGenerationTransformer>().Single();
        var view = model.Transform(data);
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, view)), ShapeSpy.Described(promised.Seen!));
        string[] columns = ["Text", "Number", "Ending", "Score"];
        var all = Values.Rows(view, columns);
        for (int subset = 1; subset < 1 << columns.Length; subset++)
        {
            int[] active = [.. Enumerable.Range(0, columns.Length).Where(c => (subset >> c & 1) != 0)];
            Assert.Equal(all.Select(row => active.Select(c => row[c]).ToArray()), Values.Rows(view, active.Select(c => columns[c])));
        }
        var mapper = ((ITransformer)model).GetRowToRowMapper(data.Schema);
        Assert.Equal(["Text"], mapper.GetDependencies([mapper.OutputSchema["Ending"]]).Select(c => c.Name));
    }

    [Fact]
    public async Task Engines_views_and_streams_on_many_threads_write_what_one_alone_writes_also_after_the_model_was_disposed()
    {
        using var model = Endings.Train(Endings.Options(_backbone));
        var rows = Endings.Rows(6, seed: 6);
        string[] expected = Endings.Texts(model, rows);
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            if (thread == 0) return Endings.Texts(model, rows);
            if (thread == 2) model.Dispose();
            var texts = new List<string>();
            var generator = model.CreateGenerator();
            foreach (var row in rows) texts.Add(string.Concat(await generator.StreamAsync(row.Text!).ToListAsync()));
            return [.. texts];
        })));
        Assert.All(all, texts => Assert.Equal(expected, texts));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    // libtorch's products may differ in their last bits from one place in memory to another.
    private static void Same(List<Written> expected, List<Written> actual)
    {
        Assert.Equal(expected.Select(row => row.GeneratedText), actual.Select(row => row.GeneratedText));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 1e-5));
    }

    private sealed class Given
    {
        public string? Text { get; set; }
    }

    private sealed class AfterSteps(int steps, Action act) : IProgress<TrainingProgress>
    {
        private int _steps;

        public void Report(TrainingProgress value)
        {
            if (++_steps == steps) act();
        }
    }
}
