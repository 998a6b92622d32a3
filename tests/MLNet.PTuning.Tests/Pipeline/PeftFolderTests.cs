// Prompts are saved as PEFT folders and loaded again bit for bit, whatever the head; and training starts from a prompt of PEFT or of the reference.
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class PeftFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Review> _rows = Reviews.Rows(12);

    [PythonTheory]
    [InlineData("bert", true, false)]
    [InlineData("bert", false, false)]
    [InlineData("bert", true, true)]
    [InlineData("roberta", true, false)]
    [InlineData("xlm-roberta", false, false)]
    public void A_classifier_is_loaded_from_its_PEFT_folder_bit_for_bit_and_the_checker_accepts_the_folder(string type, bool hasPooler, bool reparameterize)
    {
        using var backbone = Backbone(type, hasPooler);
        using var trained = Reviews.Train(Options(backbone, reparameterize), _rows);
        PeftFolder.Save(trained, _folder.Path);
        Assert.StartsWith("ok: PREFIX_TUNING with 4 virtual tokens", Check());

        using var loaded = _ml.Transforms.PTuningV2ClassifyFromPeft(backbone.Path, _folder.Path, trained.ClassNames).Model;
        Assert.Equal(Reviews.Scores(trained, _rows), Reviews.Scores(loaded, _rows));
        Assert.Equal(trained.ClassNames, loaded.ClassNames);
        Assert.Null(loaded.Report);
        Assert.Equal(4, Assert.IsType<DeepPrompt>(loaded.Method).Length);
    }

    [Fact]
    public void A_classifier_from_a_folder_is_a_step_of_a_pipeline()
    {
        using var backbone = new TinyBackbone();
        using var trained = Reviews.Train(Options(backbone, reparameterize: false), _rows);
        PeftFolder.Save(trained, _folder.Path);
        var data = _ml.Data.LoadFromEnumerable(_rows);
        var promised = new ShapeSpy();
        var step = _ml.Transforms.PTuningV2ClassifyFromPeft(backbone.Path, _folder.Path);
        using var chain = _ml.Transforms.CopyColumns("Other", "Text").Append(step).Append(promised).Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);
        Assert.Equal(Reviews.Scores(trained, _rows), Reviews.Scores(step.Model, _rows));
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, step.Model.Transform(data))), ShapeSpy.Described(promised.Seen!));
        Assert.Same(step.Model, step.Fit(data));
        Assert.Contains("no column 'Text'", Assert.Throws<ArgumentException>(() => step.Fit(_ml.Data.LoadFromEnumerable([new { Label = "" }]))).Message);
    }

    [PythonTheory]
    [InlineData("bert")]
    [InlineData("roberta")]
    public void A_labeler_is_loaded_from_its_PEFT_folder_bit_for_bit_and_the_checker_accepts_the_folder(string type)
    {
        using var backbone = Backbone(type, hasPooler: true);
        var data = _ml.Data.LoadFromEnumerable(new[] { new Words(["good", "film"], ["B-X", "O"]), new Words(["a", "bad", "day"], ["O", "B-Y", "I-Y"]) });
        var pipeline = _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.PTuningV2LabelTokens(
            new TokenLabelingOptions(backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1 }));
        using var chain = pipeline.Fit(data);
        PeftFolder.Save(chain, _folder.Path);
        Assert.StartsWith("ok: PREFIX_TUNING with 3 virtual tokens and 2 tensors", Check());

        using var loaded = _ml.Transforms.PTuningV2LabelTokensFromPeft(backbone.Path, _folder.Path, chain.LastTransformer.ClassNames).Model;
        Assert.Equal(Scores(chain.Transform(data)), Scores(loaded.Transform(data)));
    }

    [PythonFact]
    public void A_soft_prompt_that_reads_its_first_vector_is_loaded_bit_for_bit_from_every_type_that_is_one()
    {
        using var backbone = Backbone("bert", hasPooler: true);
        var options = Options(backbone);
        options.Method = new SoftPrompt { Length = 3, PoolsFirstVector = true };
        using var trained = Reviews.Train(options, _rows);
        float[] scores = Reviews.Scores(trained, _rows);
        PeftFolder.Save(trained, _folder.Path);
        Assert.StartsWith("ok: PROMPT_TUNING with 3 virtual tokens", Check());
        Assert.Equal(scores, Loaded(task: 0));

        var adapter = PeftAdapter.Load(_folder.Path);
        (adapter with { Config = adapter.Config with { Type = PeftType.P_TUNING } }).Save(_folder.Path);
        Assert.Equal(scores, Loaded(task: 0));

        // The second task's factors double a prompt that is half as large; the first one's make it vanish.
        var half = new TensorData(PeftAdapter.PromptName, [3, TinyBackbone.Hidden], Array.ConvertAll(adapter.Tensors[PeftAdapter.PromptName].Floats.ToArray(), x => x / 2));
        float[] columns = [0, 0, 0, 2, 2, 2], rows = [.. Enumerable.Repeat(1f, 2 * TinyBackbone.Hidden)];
        TensorData[] factors = [half, new(PeftAdapter.TaskColumnsName, [2, 3, 1], columns), new(PeftAdapter.TaskRowsName, [2, 1, TinyBackbone.Hidden], rows)];
        new PeftAdapter(adapter.Config with { Type = PeftType.MULTITASK_PROMPT_TUNING, Tasks = 2, Ranks = 1 },
            adapter.Tensors.Values.Where(t => t.Name != PeftAdapter.PromptName).Concat(factors).ToDictionary(t => t.Name)).Save(_folder.Path);
        Assert.Equal(scores, Loaded(task: 1));
        Assert.NotEqual(scores, Loaded(task: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => PeftFolder.Load(_folder.Path, task: 2));

        float[] Loaded(int task)
        {
            var start = new TextClassificationOptions(backbone.Path) { StartFrom = PeftFolder.Load(_folder.Path, task) };
            using var loaded = _ml.Transforms.PTuningV2ClassifyFromPeft(start, trained.ClassNames).Model;
            return Reviews.Scores(loaded, _rows);
        }
    }

    [Fact]
    public void A_soft_prompt_that_reads_the_text_is_not_written_for_classes_that_read_the_prompt()
    {
        using var backbone = Backbone("bert", hasPooler: true);
        var options = Options(backbone);
        options.Method = new SoftPrompt { Length = 3 };
        using var trained = Reviews.Train(options, _rows);
        Assert.Contains("PoolsFirstVector", Assert.Throws<NotSupportedException>(() => PeftFolder.Save(trained, _folder.At("new"))).Message);
    }

    [Fact]
    public void A_pooler_that_came_with_the_head_is_saved_with_the_model()
    {
        using var backbone = Backbone("roberta", hasPooler: true);
        using var trained = Reviews.Train(Options(backbone), _rows);
        PeftFolder.Save(trained, _folder.Path);
        var adapter = PeftAdapter.Load(_folder.Path);
        const string Dense = "base_model.classifier.dense.weight";
        var other = new TensorData(Dense, adapter.Tensors[Dense].Shape, Array.ConvertAll(adapter.Tensors[Dense].Floats.ToArray(), x => -2 * x));
        new PeftAdapter(adapter.Config, adapter.Tensors.Values.Select(t => t.Name == Dense ? other : t).ToDictionary(t => t.Name)).Save(_folder.Path);

        using var loaded = _ml.Transforms.PTuningV2ClassifyFromPeft(backbone.Path, _folder.Path, trained.ClassNames).Model;
        float[] scores = Reviews.Scores(loaded, _rows);
        Assert.NotEqual(Reviews.Scores(trained, _rows), scores);
        _ml.Model.Save(loaded, _ml.Data.LoadFromEnumerable(_rows).Schema, _folder.At("model.zip"));
        using var again = _ml.Model.Load(_folder.At("model.zip"), out _) as IDisposable;
        Assert.Equal(scores, Reviews.Scores((ITransformer)again!, _rows));
    }

    [Theory]
    [InlineData("thudm", "c_prefix_seqcls_projection")]
    [InlineData(null, "b_prefix_seqcls")]
    public void A_checkpoint_of_the_reference_gives_the_logits_of_the_reference(string? fixture, string name)
    {
        using var recorded = new ParityCase("roberta-small-random-nopooler", name);
        string folder = fixture is null ? Checkpoint(recorded) : Shared.Fixture("peft", fixture);
        var peft = PeftFolder.Load(folder);
        Assert.Equal((5, 3), (Assert.IsType<DeepPrompt>(peft.Method).Length, peft.ClassCount));
        var lease = recorded.Lease();
        using var model = TunedModel.Load(lease, peft.Method, 3, pools: true, peft.TensorsFor(lease.Backbone));
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        float[] logits = MLNet.PTuning.Tuning.ParameterFactory.ToArray(model.Logits(recorded.ClassificationBatch(), null)), expected = recorded.Values("out.logits");
        Assert.All(logits.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
    }

    [Fact]
    public void Training_begins_with_the_prompt_and_head_that_it_is_given()
    {
        using var backbone = Backbone("bert", hasPooler: true);
        using var trained = Reviews.Train(Options(backbone), _rows);
        PeftFolder.Save(trained, _folder.Path);
        var options = Options(backbone);
        (options.StartFrom, options.Epochs, options.LearningRate) = (PeftFolder.Load(_folder.Path), 1, 1e-9);
        using var further = Reviews.Train(options, _rows);
        Assert.All(Reviews.Scores(trained, _rows).Zip(Reviews.Scores(further, _rows)), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void A_start_names_the_method_and_initializes_a_head_for_other_classes()
    {
        using var backbone = Backbone("bert", hasPooler: true);
        using var trained = Reviews.Train(Options(backbone), _rows);
        PeftFolder.Save(trained, _folder.Path);
        var start = PeftFolder.Load(_folder.Path);
        Assert.Equal((4, "SEQ_CLS", 2), (Assert.IsType<DeepPrompt>(start.Method).Length, start.TaskType, start.ClassCount));
        Assert.Equal(backbone.Path, start.BaseModel);
        var lease = MLNet.PTuning.Backbones.FrozenBackbone.Use(backbone.Path, torch.CPU);
        using var model = TunedModel.Create(lease, start.Method, classes: 3, pools: true, null, seed: 1, start.TensorsFor(lease.Backbone));
        Assert.Equal(trained.Model.Trained()[PrefixTable.Name].Floats.ToArray(), model.Trained()[PrefixTable.Name].Floats.ToArray());
        Assert.Equal([3, TinyBackbone.Hidden], model.Trained()["classifier.weight"].Shape);
    }

    [Fact]
    public void The_start_of_a_run_is_part_of_its_identity()
    {
        using var backbone = Backbone("bert", hasPooler: true);
        using var first = Reviews.Train(Options(backbone), _rows, seed: 1);
        using var second = Reviews.Train(Options(backbone), _rows, seed: 2);
        PeftFolder.Save(first, _folder.At("first"));
        PeftFolder.Save(first, _folder.At("again"));
        PeftFolder.Save(second, _folder.At("second"));
        string Run(string? folder) => string.Join('\n', new TextClassificationOptions(backbone.Path)
        {
            Method = new DeepPrompt { Length = 4 },
            StartFrom = folder is null ? null : PeftFolder.Load(_folder.At(folder)),
        }.Describe());
        Assert.Equal(Run("first"), Run("again"));
        Assert.NotEqual(Run("first"), Run("second"));
        Assert.NotEqual(Run("first"), Run(null));
    }

    [Fact]
    public void What_does_not_fit_is_an_error()
    {
        using var backbone = Backbone("bert", hasPooler: true);
        using var trained = Reviews.Train(Options(backbone), _rows);
        PeftFolder.Save(trained, _folder.Path);
        Assert.Contains("2 classes, but 3 names", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(backbone.Path, _folder.Path, ["a", "b", "c"])).Message);
        Assert.Contains("SEQ_CLS; this task is TOKEN_CLS", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2LabelTokensFromPeft(backbone.Path, _folder.Path, ["O", "B-X"])).Message);
        Assert.Contains("StartFrom", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(new TextClassificationOptions(backbone.Path), ["a", "b"])).Message);

        var options = Options(backbone);
        (options.StartFrom, options.Method) = (PeftFolder.Load(_folder.Path), new DeepPrompt { Length = 5 });
        Assert.Contains("Leave Method unset", Assert.Throws<ArgumentException>(() => Reviews.Train(options, _rows)).Message);

        using var wider = new ParityCase("bert-small-random", "b_prefix_seqcls");
        using var lease = wider.Lease();
        Assert.Contains("token_dim 16", Assert.Throws<InvalidDataException>(() => PeftFolder.Load(_folder.Path).TensorsFor(lease.Backbone)).Message);
    }

    [Fact]
    public void What_has_no_form_in_PEFT_is_not_written()
    {
        using var backbone = Backbone("bert", hasPooler: true);
        var options = Options(backbone);
        options.Method = new HeadOnly();
        using var trained = Reviews.Train(options, _rows);
        Assert.Contains("HeadOnly", Assert.Throws<NotSupportedException>(() => PeftFolder.Save(trained, _folder.At("new"))).Message);
        var keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(_ml.Data.LoadFromEnumerable(_rows));
        Assert.Contains("0 transformers", Assert.Throws<ArgumentException>(() => PeftFolder.Save(keys, _folder.At("new"))).Message);
        Assert.False(Directory.Exists(_folder.At("new")));
    }

    [Fact]
    public void A_folder_that_is_none_of_these_is_an_error_that_says_what_to_give()
    {
        using var backbone = Backbone("bert", hasPooler: true);
        Assert.Contains("adapter_config.json", Assert.Throws<InvalidDataException>(() => PeftFolder.Load(backbone.Path)).Message);
        Assert.Contains("adapter_config.json", Assert.Throws<FileNotFoundException>(() => PeftFolder.Load(_folder.Path)).Message);
        SafetensorsWriter.Write(_folder.At("model.safetensors"), [new TensorData("prefix_encoder.weight", [2, 16], new float[32])]);
        Assert.Contains("shallow", Assert.Throws<NotSupportedException>(() => PeftFolder.Load(_folder.Path)).Message);
    }

    [Fact]
    public void A_checkpoint_of_ChatGLM_is_refused_by_its_architecture()
    {
        SafetensorsWriter.Write(_folder.At("model.safetensors"), [new TensorData("transformer.prefix_encoder.embedding.weight", [2, 16], new float[32])]);
        string message = Assert.Throws<NotSupportedException>(() => PeftFolder.Load(_folder.Path)).Message;
        Assert.Contains("ChatGLM", message);
        Assert.Contains("bert, roberta", message);
    }

    public void Dispose() => _folder.Dispose();

    private static TinyBackbone Backbone(string type, bool hasPooler)
    {
        var backbone = new TinyBackbone(hasPooler: hasPooler);
        backbone.SetConfig("model_type", type);
        backbone.SetConfig("pad_token_id", JsonValue.Create(0));
        return backbone;
    }

    private static TextClassificationOptions Options(TinyBackbone backbone, bool reparameterize = false)
    {
        var options = Reviews.Options(backbone);
        // Batches of equal sizes are summed in the same order.
        (options.Epochs, options.PredictionBatchSize) = (1, new TextClassificationOptions(backbone.Path).PredictionBatchSize);
        options.Method = new DeepPrompt { Length = 4, Reparameterize = reparameterize, EncoderHiddenSize = 8 };
        if (!reparameterize) return options;
        options.LearningRate = 1e-3;
        return options;
    }

    // A folder as the reference saves it, of a recorded case.
    private string Checkpoint(ParityCase recorded)
    {
        SafetensorsWriter.Write(_folder.At("model.safetensors"), recorded.Tensors("param."));
        return _folder.Path;
    }

    private static float[] Scores(IDataView data) => [.. new MLContext().Data.CreateEnumerable<WordScores>(data, reuseRowObject: false).SelectMany(r => r.Score)];

    private string Check()
    {
        using var python = Process.Start(new ProcessStartInfo(PythonTheoryAttribute.Name, [Shared.Fixture("peft", "check_folder.py"), _folder.Path]) { RedirectStandardOutput = true })!;
        string output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        return output;
    }

    public sealed class Words(string[] words, string[] label)
    {
        public Words() : this([], []) { }

        [ColumnName("Words")]
        public string[] All { get; set; } = words;

        public string[] Label { get; set; } = label;
    }

    public sealed class WordScores
    {
        public float[] Score { get; set; } = [];
    }
}
