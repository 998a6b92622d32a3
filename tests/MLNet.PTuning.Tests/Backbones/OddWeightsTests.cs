// Weights that public reports tell of: more than the model computes with, less, or none that are numbers; each is said by name.
using System.Text.Json.Nodes;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class OddWeightsTests : IDisposable
{
    private const string Query = "encoder.layer.0.attention.self.query";

    private readonly TinyBackbone _backbone = new();

    [Theory]
    [InlineData("embeddings.task_type_embeddings.weight")]
    [InlineData("encoder.layer.0.attention.self.distance_embedding.weight")]
    [InlineData("encoder.layer.1.output.adapters.sst.adapter_down.0.weight")]
    public void A_tensor_of_the_encoder_that_nothing_reads_is_said(string name)
    {
        _backbone.AddWeights([(name, [4, TinyBackbone.Hidden])], _ => 1f);
        string notice = Assert.Single(Notices());
        Assert.Contains($"'{name}'", notice);
        Assert.Contains("1 tensor ", notice);
    }

    [Theory]
    [InlineData("bert.")]
    [InlineData("module.bert.")]
    public void It_is_said_behind_any_prefix(string prefix)
    {
        _backbone.AddWeights([("embeddings.task_type_embeddings.weight", [3, TinyBackbone.Hidden])], _ => 1f);
        _backbone.ChangeWeights(t => new TensorData(prefix + t.Name, t.Shape, t.Floats));
        Assert.Contains(prefix + "embeddings.task_type_embeddings.weight", Assert.Single(Notices()));
    }

    [Fact]
    public void A_head_beside_the_masked_word_head_is_nothing_to_say()
    {
        // As every published BERT has it.
        _backbone.AddWeights([("cls.predictions.bias", [TinyBackbone.Vocabulary.Length]), ("cls.predictions.transform.dense.weight", [TinyBackbone.Hidden, TinyBackbone.Hidden]),
            ("cls.predictions.transform.dense.bias", [TinyBackbone.Hidden]), ("cls.predictions.transform.LayerNorm.weight", [TinyBackbone.Hidden]), ("cls.predictions.transform.LayerNorm.bias", [TinyBackbone.Hidden]),
            ("cls.predictions.decoder.weight", [TinyBackbone.Vocabulary.Length, TinyBackbone.Hidden]), ("cls.seq_relationship.weight", [2, TinyBackbone.Hidden]), ("cls.seq_relationship.bias", [2])], _ => 1f);
        using var lease = Load();
        Assert.NotNull(lease.Backbone.MaskedWords);
        Assert.Empty(lease.Backbone.Notices);
    }

    [Fact]
    public void Heads_and_buffers_are_nothing_to_say()
    {
        _backbone.AddWeights([("embeddings.position_ids", [1, TinyBackbone.Positions]), ("embeddings.token_type_ids", [1, TinyBackbone.Positions]), ("classifier.weight", [2, TinyBackbone.Hidden]),
            ("cls.seq_relationship.weight", [2, TinyBackbone.Hidden]), ("lm_head.bias", [4])], _ => 1f);
        Assert.Empty(Notices());
    }

    // As PEFT before 0.7 and after it names what it puts around a layer.
    [Theory]
    [InlineData("", ".lora_A.default.weight")]
    [InlineData(".base_layer", ".lora_A.default.weight")]
    [InlineData(".base_layer", ".lora_B.weight")]
    public void LoRAs_matrices_that_were_not_merged_are_refused(string layer, string matrix)
    {
        _backbone.AddWeights([(Query + matrix, [2, TinyBackbone.Hidden])], _ => 1f);
        _backbone.ChangeWeights(t => new TensorData("base_model.model.bert." + t.Name.Replace(Query + ".weight", Query + layer + ".weight"), t.Shape, t.Floats));
        string message = Assert.Throws<NotSupportedException>(() => Load()).Message;
        Assert.Contains(Query, message);
        Assert.Contains("merge_and_unload", message);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Values_that_are_no_finite_numbers_are_named_with_their_tensor(float value)
    {
        _backbone.ChangeWeights(t =>
        {
            if (t.Name != "encoder.layer.1.output.dense.weight") return t;
            float[] values = t.Floats.ToArray();
            (values[5], values[^1]) = (value, value);
            return new TensorData(t.Name, t.Shape, values);
        });
        string message = Assert.Throws<InvalidDataException>(() => Load()).Message;
        Assert.Contains("'encoder.layer.1.output.dense.weight'", message);
        Assert.Contains($"2 of {2 * TinyBackbone.Hidden * TinyBackbone.Hidden} values", message);
    }

    [Fact]
    public void Tensors_that_DeepSpeed_left_empty_are_explained()
    {
        _backbone.ChangeWeights(t => t.Name == Query + ".weight" ? new TensorData(t.Name, [0], Array.Empty<float>()) : t);
        string message = Assert.Throws<InvalidDataException>(() => Load()).Message;
        Assert.Contains(Query, message);
        Assert.Contains("zero_to_fp32.py", message);
    }

    [Fact]
    public void A_quantized_models_configuration_explains_what_its_weights_lack()
    {
        _backbone.SetConfig("quantization_config", new JsonObject { ["quant_method"] = "gptq", ["bits"] = 4 });
        _backbone.ChangeWeights(t => t.Name == Query + ".weight" ? new TensorData(Query + ".qweight", t.Shape, t.Floats) : t);
        string message = Assert.Throws<InvalidDataException>(() => Load()).Message;
        Assert.Contains("quantization_config", message);
        Assert.Contains("gptq", message);
    }

    [Fact]
    public void Pruned_heads_are_the_reason_that_is_given_for_smaller_matrices()
    {
        _backbone.SetConfig("pruned_heads", new JsonObject { ["0"] = new JsonArray(1) });
        _backbone.ChangeWeights(t => t.Name.StartsWith(Query) ? new TensorData(t.Name, [t.Shape[0] / 2, .. t.Shape[1..]], t.Floats[..(t.Floats.Length / 2)]) : t);
        Assert.Contains("pruned_heads", Assert.Throws<InvalidDataException>(() => Load()).Message);
    }

    [Theory]
    [InlineData("model.fp16.safetensors", "model.safetensors")]
    [InlineData("bert.bin", "pytorch_model.bin")]
    [InlineData("model-00001-of-00002.safetensors", "model.safetensors.index.json")]
    [InlineData("pytorch_model-00002-of-00002.bin", "pytorch_model.bin.index.json")]
    [InlineData("zero_to_fp32.py", "DeepSpeed")]
    public void Weights_under_another_name_are_found_out(string there, string said)
    {
        File.Move(_backbone.At("model.safetensors"), _backbone.At(there));
        File.WriteAllText(_backbone.At("training_args.bin"), "");
        string found = Assert.Throws<FileNotFoundException>(() => Load()).Message.Split("there.")[1];
        Assert.Contains(there, found);
        Assert.Contains(said, found);
    }

    public void Dispose() => _backbone.Dispose();

    private FrozenBackbone.Lease Load() => FrozenBackbone.Use(_backbone.Path, torch.CPU);

    private IReadOnlyList<string> Notices()
    {
        using var lease = Load();
        return lease.Backbone.Notices;
    }
}
