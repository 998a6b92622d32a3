// PEFT folders that public reports tell of: heads under other names, modules that were trained too, values that are no numbers, folders within folders.
using System.Text.Json.Nodes;
using Microsoft.ML;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class OddAdapterTests : IDisposable
{
    private const string Weights = "adapter_model.safetensors";

    private static readonly string[] Names = ["positive", "negative"];

    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();
    private readonly List<Review> _rows = Reviews.Rows(20);
    private readonly float[] _scores;

    public OddAdapterTests()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 2;
        using var trained = Reviews.Train(options, _rows);
        PeftFolder.Save(trained, _folder.Path);
        _scores = Reviews.Scores(trained, _rows);
    }

    // What a state_dict is called that was saved without PEFT's save_pretrained, by Accelerate or Lightning.
    [Theory]
    [InlineData("base_model.classifier.modules_to_save.default.")]
    [InlineData("base_model.classifier.modules_to_save.my_adapter.")]
    [InlineData("base_model.classifier.modules_to_save.")]
    [InlineData("base_model.model.classifier.")]
    public void A_head_is_found_by_the_names_that_PEFT_has_for_it_in_memory(string name)
    {
        Rename("base_model.classifier.", name);
        Assert.Equal(_scores, Scores());
    }

    [Fact]
    public void A_pooler_inside_the_head_is_found_so_too()
    {
        var dense = new TensorData("base_model.classifier.modules_to_save.default.dense.weight", [16, 16], new float[256]);
        var last = new TensorData("base_model.classifier.modules_to_save.default.out_proj.bias", [2], new float[2]);
        Assert.Equal(["classifier.bias", "pooler.dense.weight"], MLNet.PTuning.Pipeline.PeftHead.Read(new[] { dense, last }.ToDictionary(t => t.Name), _folder.Path).Keys.Order());
    }

    [Fact]
    public void The_head_as_it_was_before_training_is_passed_over()
    {
        Change(tensors => [.. tensors, .. tensors.Where(t => t.Name.Contains("classifier")).Select(t =>
            new TensorData(t.Name.Replace("classifier.", "classifier.original_module."), t.Shape, new float[t.Floats.Length]))]);
        Assert.Equal(_scores, Scores());
    }

    [Fact]
    public void Heads_of_several_adapters_are_refused()
    {
        Change(tensors => [.. tensors, .. tensors.Where(t => t.Name.Contains("classifier")).Select(t =>
            new TensorData(t.Name.Replace("classifier.", "classifier.modules_to_save.other."), t.Shape, t.Floats))]);
        string message = Assert.Throws<InvalidDataException>(() => PeftFolder.Load(_folder.Path)).Message;
        Assert.Contains(_folder.Path, message);
        Assert.Contains("classifier.modules_to_save.other", message);
    }

    [Fact]
    public void Other_modules_that_were_trained_too_are_refused_by_name()
    {
        Change(tensors => [.. tensors, new TensorData("base_model.bert.embeddings.LayerNorm.weight", [16], new float[16])]);
        Assert.Contains("base_model.bert.embeddings.LayerNorm.weight", Assert.Throws<NotSupportedException>(() => PeftFolder.Load(_folder.Path)).Message);
    }

    [Fact]
    public void Values_that_are_no_finite_numbers_are_named_with_their_tensor()
    {
        Change(tensors => tensors.Select(t => t.Name != "prompt_embeddings" ? t : new TensorData(t.Name, t.Shape, t.Floats.ToArray().Select((x, i) => i == 0 ? float.NaN : x).ToArray())));
        string message = Assert.Throws<InvalidDataException>(() => PeftFolder.Load(_folder.Path)).Message;
        Assert.Contains("prompt_embeddings", message);
        Assert.Contains(Weights, message);
    }

    [Fact]
    public void A_prompt_that_DeepSpeed_left_empty_is_explained()
    {
        Change(tensors => tensors.Select(t => t.Name != "prompt_embeddings" ? t : new TensorData(t.Name, [0], Array.Empty<float>())));
        Assert.Contains("zero_to_fp32.py", Assert.Throws<InvalidDataException>(() => PeftFolder.Load(_folder.Path)).Message);
    }

    // PEFT saves an adapter that is not called "default" into a folder of its name.
    [Fact]
    public void An_adapter_in_a_folder_of_its_name_is_pointed_to()
    {
        string inner = Directory.CreateDirectory(_folder.At("sentiment")).FullName;
        foreach (string file in Directory.GetFiles(_folder.Path)) File.Move(file, Path.Combine(inner, Path.GetFileName(file)));
        string message = Assert.Throws<FileNotFoundException>(() => PeftFolder.Load(_folder.Path)).Message;
        Assert.Contains("adapter_config.json", message);
        Assert.Contains("sentiment", message);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private float[] Scores()
    {
        using var model = new MLContext().Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path, Names).Model;
        return Reviews.Scores(model, _rows);
    }

    private void Rename(string from, string to) => Change(tensors => tensors.Select(t => new TensorData(t.Name.Replace(from, to), t.Shape, t.Floats)));

    private void Change(Func<TensorData[], IEnumerable<TensorData>> change)
    {
        TensorData[] tensors;
        using (var file = WeightFile.Open(_folder.At(Weights)))
            tensors = [.. file.Entries.Values.Select(e => new TensorData(e.Name, e.Shape, file.ReadFloats(e.Name)))];
        SafetensorsWriter.Write(_folder.At(Weights), change(tensors));
    }
}
