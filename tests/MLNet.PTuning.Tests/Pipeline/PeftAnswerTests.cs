// Prompts for question answering are saved in PEFT's form QUESTION_ANS and loaded again bit for bit; those of the reference's code are loaded too.
using System.Diagnostics;
using Microsoft.ML;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class PeftAnswerTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<QuestionRow> _rows = Questions.Rows(12);

    public static TheoryData<TuningMethod, string> Methods => new()
    {
        { new DeepPrompt { Length = 3 }, "ok: PREFIX_TUNING with 3 virtual tokens and 2 tensors" },
        { new DeepPrompt { Length = 3, Reparameterize = true, EncoderHiddenSize = 8 }, "ok: PREFIX_TUNING with 3 virtual tokens and 2 tensors" },
        { new SoftPrompt { Length = 3 }, "ok: PROMPT_TUNING with 3 virtual tokens and 2 tensors" },
    };

    [PythonTheory]
    [MemberData(nameof(Methods))]
    public void A_model_is_loaded_from_its_PEFT_folder_bit_for_bit_and_the_checker_accepts_the_folder(TuningMethod method, string checker)
    {
        using var trained = Train(method);
        PeftFolder.Save(trained, _folder.Path);
        Assert.StartsWith(checker, Check());
        var adapter = PeftAdapter.Load(_folder.Path);
        Assert.Equal(("QUESTION_ANS", "qa_outputs"), (adapter.Config.TaskType, string.Join(", ", adapter.Config.ModulesToSave!)));
        Assert.Equal([2, TinyBackbone.Hidden], adapter.Tensors["base_model.qa_outputs.weight"].Shape);

        using var loaded = _ml.Transforms.PTuningV2AnswerQuestionsFromPeft(_backbone.Path, _folder.Path).Model;
        Assert.Equal(Scores(trained), Scores(loaded));
        Assert.Null(loaded.Report);

        // A folder that PEFT wrote has no names of classes, and needs none: a start and an end.
        File.Delete(_folder.At("mlnet_ptuning.json"));
        using var again = _ml.Transforms.PTuningV2AnswerQuestionsFromPeft(_backbone.Path, _folder.Path).Model;
        Assert.Equal(Scores(trained), Scores(again));
    }

    [Fact]
    public void A_model_from_a_folder_is_a_step_of_a_pipeline_and_is_saved()
    {
        using var trained = Train(new DeepPrompt { Length = 3 });
        PeftFolder.Save(trained, _folder.Path);
        var data = _ml.Data.LoadFromEnumerable(_rows);
        var promised = new ShapeSpy();
        var options = new QuestionAnsweringOptions(_backbone.Path) { StartFrom = PeftFolder.Load(_folder.Path), NullThreshold = 1, TopK = 2 };
        using var chain = _ml.Transforms.PTuningV2AnswerQuestionsFromPeft(options).Append(promised).Fit(data);
        var model = ((IEnumerable<ITransformer>)chain).OfType<PTuningQuestionAnsweringTransformer>().Single();
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, model.Transform(data))), ShapeSpy.Described(promised.Seen!));
        Assert.Equal(1, model.NullThreshold);
        _ml.Model.Save(model, data.Schema, _folder.At("model.zip"));
        using var loaded = (PTuningQuestionAnsweringTransformer)_ml.Model.Load(_folder.At("model.zip"), out _);
        Assert.Equal(Scores(model), Scores(loaded));
    }

    [Fact]
    public void Training_begins_with_the_prompt_and_head_that_it_is_given()
    {
        using var trained = Train(new DeepPrompt { Length = 3 });
        PeftFolder.Save(trained, _folder.Path);
        var options = Questions.BriefOptions(_backbone);
        (options.StartFrom, options.LearningRate) = (PeftFolder.Load(_folder.Path), 1e-9);
        using var further = Questions.Train(options, _rows);
        Assert.All(Scores(trained).Zip(Scores(further)), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void A_checkpoint_of_the_reference_gives_the_logits_of_the_reference()
    {
        using var recorded = new ParityCase("bert-small-random", "e_prefix_qa");
        SafetensorsWriter.Write(_folder.At("model.safetensors"), recorded.Tensors("param."));
        var peft = PeftFolder.Load(_folder.Path);
        Assert.Equal((5, 2), (Assert.IsType<DeepPrompt>(peft.Method).Length, peft.ClassCount));
        Assert.Equal(["start", "end"], peft.ClassNames!);
        var lease = recorded.Lease();
        using var model = TunedModel.Load(lease, peft.Method, 2, pools: false, peft.TensorsFor(lease.Backbone));
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        float[] logits = ParameterFactory.ToArray(model.Logits(recorded.AnsweringBatch(isPadded: false), null));
        Assert.All(logits.Where((_, i) => i % 2 == 0).Zip(recorded.Packed("out.start_logits", 1)), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
    }

    [Fact]
    public void A_folder_of_another_task_is_refused()
    {
        using var trained = Train(new DeepPrompt { Length = 3 });
        PeftFolder.Save(trained, _folder.Path);
        Assert.Contains("QUESTION_ANS; this task is SEQ_CLS", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path, ["a", "b"])).Message);
        using var classifier = Reviews.Train(new TextClassificationOptions(_backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1 }, Reviews.Rows(12));
        PeftFolder.Save(classifier, _folder.At("other"));
        Assert.Contains("SEQ_CLS; this task is QUESTION_ANS", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2AnswerQuestionsFromPeft(_backbone.Path, _folder.At("other"))).Message);
    }

    [Fact]
    public void The_head_of_a_classifier_of_two_classes_is_not_taken_for_one_that_finds_answers()
    {
        using var classifier = Reviews.Train(new TextClassificationOptions(_backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1 }, Reviews.Rows(12));
        PeftFolder.Save(classifier, _folder.Path);
        File.Delete(_folder.At("mlnet_ptuning.json"));
        var log = new List<string>();
        _ml.Log += (_, e) => log.Add(e.RawMessage);
        var options = new QuestionAnsweringOptions(_backbone.Path) { StartFrom = PeftFolder.Load(_folder.Path), Epochs = 1 };
        using var model = _ml.Transforms.PTuningV2AnswerQuestions(options).Fit(_ml.Data.LoadFromEnumerable(_rows));
        Assert.Contains(log, line => line.Contains("was not trained to find answers: the prompt is used, the head is newly initialized"));
        var adapter = PeftAdapter.Load(_folder.Path);
        new PeftAdapter(adapter.Config with { TaskType = null }, adapter.Tensors).Save(_folder.Path);
        Assert.Contains("not trained to find answers", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2AnswerQuestionsFromPeft(_backbone.Path, _folder.Path)).Message);
    }

    private PTuningQuestionAnsweringTransformer Train(TuningMethod method)
    {
        var options = Questions.BriefOptions(_backbone);
        (options.Method, options.PredictionBatchSize) = (method, 32);
        return Questions.Train(options, _rows);
    }

    private float[] Scores(ITransformer model) => [.. Questions.Predict(model, _rows).SelectMany(row => row.Score)];

    private string Check()
    {
        using var python = Process.Start(new ProcessStartInfo(PythonTheoryAttribute.Name, [Shared.Fixture("peft", "check_folder.py"), _folder.Path]) { RedirectStandardOutput = true })!;
        string output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        return output;
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }
}
