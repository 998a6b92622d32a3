// A head's rows are matched with the classes by name where training or prediction starts from a folder; where there are no names, or other classes, the log says what was done.
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class PeftHeadTests : IDisposable
{
    private const string NamesFile = "mlnet_ptuning.json";

    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Review> _rows = Reviews.Rows(40);
    private readonly List<Review> _reversed;
    private readonly List<string> _log = [];
    private readonly PTuningClassificationTransformer _trained;

    public PeftHeadTests()
    {
        _reversed = [.. Enumerable.Reverse(_rows)];
        _ml.Log += (_, e) => { if (e.Kind >= ChannelMessageKind.Info) _log.Add($"{e.Kind}: {e.Message}"); };
        _trained = Reviews.Train(Reviews.QuickOptions(_backbone), _rows);
        PeftFolder.Save(_trained, _folder.Path);
    }

    [Fact]
    public void Rows_in_another_order_predict_the_same_classes_from_the_start()
    {
        using var further = TrainFurther(_reversed);
        Assert.Equal(_trained.ClassNames.Reverse(), further.ClassNames);
        float[][] before = [.. Reviews.Predict(_trained, _rows).Select(p => p.Score)], after = [.. Reviews.Predict(further, _rows).Select(p => p.Score)];
        Assert.Contains(before, scores => scores[0] > 0.7);
        Assert.All(before.Zip(after), row => Assert.Equal(row.First, row.Second.Reverse(), (x, y) => Math.Abs(x - y) < 1e-3));
        Assert.DoesNotContain(_log, line => line.Contains(_folder.Path));
    }

    [Fact]
    public void Without_names_the_head_is_taken_by_position_and_a_warning_says_so()
    {
        File.Delete(_folder.At(NamesFile));
        using var further = TrainFurther(_reversed);
        Assert.Equal(Reviews.Scores(_trained, _rows), Reviews.Scores(further, _rows), (x, y) => Math.Abs(x - y) < 1e-3);
        Assert.Contains(_log, line => line.StartsWith("Warning") && line.Contains(_folder.Path) && line.Contains("by position: row 1 is 'negative', row 2 is 'positive'"));
    }

    [Theory]
    [InlineData("positive", "neutral")]
    [InlineData("positive", "negative", "strange")]
    public void A_head_for_other_classes_is_newly_initialized_and_a_warning_says_so(params string[] labels)
    {
        using var further = TrainFurther([.. _rows.Select((row, i) => new Review { Text = row.Text, Label = labels[i % labels.Length] })]);
        // A new head's values are far smaller than a trained one's.
        float[] head = Head(further);
        Assert.All(head, value => Assert.InRange(Math.Abs(value), 0, 0.1));
        Assert.Contains(Head(_trained), value => Math.Abs(value) > 0.1);
        Assert.Contains(_log, line => line.StartsWith("Warning") && line.Contains("2 classes (positive, negative)") && line.Contains(string.Join(", ", labels)) && line.Contains("is newly initialized"));
    }

    [Fact]
    public void A_prompt_without_a_head_begins_one_and_does_not_predict_by_itself()
    {
        var adapter = PeftAdapter.Load(_folder.Path);
        (adapter with { Tensors = adapter.Tensors.Where(t => t.Key == PeftAdapter.PromptName).ToDictionary() }).Save(_folder.Path);
        using var further = TrainFurther(_rows);
        Assert.Contains(_log, line => line.Contains("holds a prompt without a head: the head is newly initialized"));
        string message = Assert.Throws<InvalidDataException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path)).Message;
        Assert.Contains(_folder.Path, message);
        Assert.Contains("without a head", message);
    }

    [Fact]
    public void Prediction_takes_the_folder_s_names_or_the_given_ones_in_their_order_and_no_others()
    {
        using var own = _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path).Model;
        Assert.Equal(_trained.ClassNames, own.ClassNames);
        using var reversed = _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path, ["negative", "positive"]).Model;
        Assert.Equal(["negative", "positive"], reversed.ClassNames);
        Assert.All(Reviews.Predict(own, _rows).Zip(Reviews.Predict(reversed, _rows)), row => Assert.Equal(row.First.Score, row.Second.Score.Reverse()));

        string message = Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path, ["no", "yes"])).Message;
        Assert.Contains("positive, negative, not for no, yes", message);
        File.Delete(_folder.At(NamesFile));
        Assert.Contains("id2label", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path)).Message);
    }

    [Theory]
    [InlineData("token_dim 8", "token_dim", 8, "num_layers", 4)]
    [InlineData("num_layers 1", "num_layers", 1, "token_dim", 32)]
    [InlineData("num_attention_heads 4", "num_attention_heads", 4, "num_virtual_tokens", 4)]
    public void Another_shape_of_backbone_with_as_many_values_is_refused(string named, string field, int value, string second, int secondValue)
    {
        var config = JsonNode.Parse(File.ReadAllText(_folder.At("adapter_config.json")))!;
        (config[field], config[second]) = (value, secondValue);
        File.WriteAllText(_folder.At("adapter_config.json"), config.ToJsonString());
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => TrainFurther(_rows)).Message);
        Assert.Contains(_backbone.Path, Assert.Throws<InvalidDataException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path)).Message);
    }

    [Theory]
    [InlineData("positive", "negative", "strange")]
    [InlineData("positive", "positive")]
    public void Names_that_do_not_fit_the_head_are_refused(params string[] names)
    {
        (PeftAdapter.Load(_folder.Path) with { ClassNames = names }).Save(_folder.Path);
        Assert.Contains("do not belong together", Assert.Throws<InvalidDataException>(() => PeftFolder.Load(_folder.Path)).Message);
    }

    [Theory]
    [InlineData("""{"0": "negative", "1": "positive"}""", "negative", "positive")]
    [InlineData("""{"1": "positive", "0": "negative"}""", "negative", "positive")]
    [InlineData("""{"0": "LABEL_0", "1": "LABEL_1"}""")]
    [InlineData("""{"0": "negative", "2": "positive"}""")]
    [InlineData("""{"first": "negative"}""")]
    public void A_checkpoint_of_the_reference_has_the_names_of_its_config(string id2label, params string[] names)
    {
        string folder = Directory.CreateDirectory(_folder.At("checkpoint")).FullName;
        long[] prefix = [4, 2 * TinyBackbone.Layers * TinyBackbone.Hidden], head = [2, TinyBackbone.Hidden], bias = [2];
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), new[] { ("prefix_encoder.embedding.weight", prefix), ("classifier.weight", head), ("classifier.bias", bias) }
            .Select(t => new TensorData(t.Item1, t.Item2, new float[t.Item2.Aggregate(1L, (a, b) => a * b)])));
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""{"model_type": "bert", "id2label": {{id2label}}}""");
        Assert.Equal(names.Length == 0 ? null : names, PeftFolder.Load(folder).ClassNames);
    }

    public void Dispose()
    {
        _trained.Dispose();
        _folder.Dispose();
        _backbone.Dispose();
    }

    // One epoch at a rate near zero: the initial values are left unchanged.
    private PTuningClassificationTransformer TrainFurther(List<Review> rows)
    {
        var options = Reviews.Options(_backbone);
        (options.StartFrom, options.Epochs, options.LearningRate) = (PeftFolder.Load(_folder.Path), 1, 1e-9);
        return Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows)).LastTransformer;
    }

    private static float[] Head(PTuningClassificationTransformer model) => model.Model.Trained()["classifier.weight"].Floats.ToArray();
}
