// A backbone's folder that is absent, damaged or of another kind is refused with an error that names the file and its fault, and nothing of it stays loaded.
using System.Text;
using Microsoft.ML;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class BadBackboneTests : IDisposable
{
    private const string Query = "encoder.layer.1.attention.self.query.weight";

    private readonly TinyBackbone _backbone = new();

    [Fact]
    public void A_missing_folder_is_named() =>
        Mentions(Assert.Throws<DirectoryNotFoundException>(() => Train(Path.Combine(_backbone.Path, "absent"))), "absent", "does not exist");

    [Theory]
    [InlineData("bert-base-uncased")]
    [InlineData("sentence-transformers/all-MiniLM-L6-v2")]
    public void A_name_on_the_Hub_says_that_models_are_not_downloaded_and_how_to_download_one(string name) => Mentions(Assert.Throws<DirectoryNotFoundException>(() => Train(name)),
        "Models are not downloaded", $"hf download {name} --local-dir models/{name}'", $"git clone https://huggingface.co/{name} models/{name}'", $"https://huggingface.co/{name}/resolve/main/config.json");

    [Fact]
    public void A_local_path_is_not_taken_for_an_organization_on_the_Hub() => Mentions(Assert.Throws<DirectoryNotFoundException>(() => Train("models/bert-base-uncased")),
        "hf download bert-base-uncased --local-dir models/bert-base-uncased'", "https://huggingface.co/bert-base-uncased/resolve/main/config.json");

    [Fact]
    public void The_models_beside_a_missing_folder_are_named()
    {
        string parent = Path.GetDirectoryName(_backbone.Path)!, missing = Path.Combine(parent, "absent");
        string message = Assert.Throws<DirectoryNotFoundException>(() => Train(missing)).Message;
        Assert.Contains($"{parent} has the models ", message);
        Assert.DoesNotContain("huggingface.co", message);
    }

    [Fact]
    public void A_file_in_the_place_of_the_folder_is_named() =>
        Mentions(Assert.Throws<DirectoryNotFoundException>(() => Train(_backbone.At("config.json"))), "config.json", "is a file");

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("vocab.txt")]
    public void A_missing_file_is_named(string name)
    {
        File.Delete(_backbone.At(name));
        Mentions(Assert.Throws<FileNotFoundException>(Train), _backbone.Path, name);
    }

    [Fact]
    public void Another_architecture_is_named_with_those_that_are_supported()
    {
        _backbone.SetConfig("model_type", "t5");
        Mentions(Assert.Throws<NotSupportedException>(Train), "'t5'", "bert");
    }

    [Theory]
    [InlineData("hidden_size", null)]
    [InlineData("hidden_size", 15)]
    [InlineData("num_hidden_layers", 0)]
    [InlineData("num_attention_heads", "2")]
    [InlineData("hidden_dropout_prob", 1.5)]
    [InlineData("vocab_size", 1e12)]
    public void A_field_of_the_configuration_that_makes_no_transformer_is_named(string field, object? value)
    {
        _backbone.SetConfig(field, System.Text.Json.JsonSerializer.SerializeToNode(value));
        Mentions(Assert.Throws<InvalidDataException>(Train), "config.json", field);
    }

    [Fact]
    public void An_unknown_activation_is_named_with_those_that_are_supported()
    {
        _backbone.SetConfig("hidden_act", "swiglu");
        Mentions(Assert.Throws<NotSupportedException>(Train), "'swiglu'", "gelu");
    }

    [Fact]
    public void An_ONNX_graph_of_another_architecture_is_told_by_the_tensor_that_it_lacks()
    {
        _backbone.ToOnnx();
        _backbone.SetConfig("model_type", "albert");
        _backbone.SetConfig("embedding_size", TinyBackbone.Hidden);
        Mentions(Assert.Throws<InvalidDataException>(Train), "'encoder.embedding_hidden_mapping_in.weight'", "albert model", "from the same model");
    }

    [Fact]
    public void Matrices_of_an_ONNX_graph_that_have_no_name_are_listed_with_what_would_work()
    {
        // As an optimizer leaves it that joins a sum of products: the bias is not added to a product any more.
        var model = new OnnxModel();
        using (var weights = WeightFile.Open(_backbone.At("model.safetensors")))
            foreach (var entry in weights.Entries.Values)
                model.Initializer(model.Tensor(entry.Name == Query ? "onnx::MatMul_7" : entry.Name, new TensorData("", entry.Shape, weights.ReadFloats(entry.Name))));
        model.Node("MatMul", ["x", "onnx::MatMul_7"], ["y"]).Save(_backbone.At("model.onnx"));
        File.Delete(_backbone.At("model.safetensors"));
        Mentions(Assert.Throws<InvalidDataException>(Train), Query, "'onnx::MatMul_7' of MatMul '/MatMul_0'", "optimum-cli export onnx", "safetensors");
    }

    [Fact]
    public void A_configuration_that_is_no_JSON_is_named()
    {
        File.WriteAllText(_backbone.At("config.json"), "{ \"model_type\": ");
        Mentions(Assert.Throws<InvalidDataException>(Train), "config.json");
    }

    [Fact]
    public void Truncated_weights_are_named()
    {
        byte[] bytes = File.ReadAllBytes(_backbone.At("model.safetensors"));
        File.WriteAllBytes(_backbone.At("model.safetensors"), bytes[..^100]);
        Mentions(Assert.Throws<InvalidDataException>(Train), "model.safetensors");
    }

    [Fact]
    public void A_header_larger_than_the_file_is_named()
    {
        byte[] bytes = File.ReadAllBytes(_backbone.At("model.safetensors"));
        BitConverter.GetBytes((long)bytes.Length * 10).CopyTo(bytes, 0);
        File.WriteAllBytes(_backbone.At("model.safetensors"), bytes);
        Mentions(Assert.Throws<InvalidDataException>(Train), "model.safetensors", "header");
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12)]
    [InlineData("""{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}""", 8)]
    public void Overlapping_tensors_and_wrong_element_types_are_named(string header, int dataLength)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(_backbone.At("model.safetensors"), [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[dataLength]]);
        Mentions(Assert.Throws<InvalidDataException>(Train), "model.safetensors");
    }

    [Fact]
    public void A_tensor_that_is_missing_is_named()
    {
        _backbone.ChangeWeights(t => t.Name == Query ? null : t);
        Mentions(Assert.Throws<InvalidDataException>(Train), _backbone.Path, Query);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_both_shapes()
    {
        _backbone.ChangeWeights(t => t.Name == Query ? new TensorData(Query, [8, 32], new float[256]) : t);
        Mentions(Assert.Throws<InvalidDataException>(Train), Query, "[8, 32]", "[16, 16]");
    }

    [Fact]
    public void A_tensor_of_integers_is_named()
    {
        _backbone.ChangeWeights(t => t.Name == Query ? new TensorData(Query, ElementType.I64, [16, 16], new byte[16 * 16 * 8]) : t);
        Mentions(Assert.Throws<InvalidDataException>(Train), Query, "I64");
    }

    [Fact]
    public void A_folder_that_was_repaired_is_read_again()
    {
        string config = File.ReadAllText(_backbone.At("config.json"));
        _backbone.SetConfig("model_type", null);
        Assert.Throws<InvalidDataException>(Train);
        File.WriteAllText(_backbone.At("config.json"), config);
        Train();
    }

    public void Dispose() => _backbone.Dispose();

    private void Train() => Train(_backbone.Path);

    private static void Train(string folder)
    {
        var ml = new MLContext(seed: 1);
        var options = new TextClassificationOptions(folder) { Method = new DeepPrompt { Length = 2 }, Epochs = 1 };
        using var model = Reviews.Pipeline(ml, options).Fit(ml.Data.LoadFromEnumerable(Reviews.Rows(4)));
    }

    private static void Mentions(Exception error, params string[] named) => Assert.All(named, n => Assert.Contains(n, error.Message));
}
