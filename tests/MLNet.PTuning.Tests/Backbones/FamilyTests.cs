// What folders of a family may look like: its names in config.json, old names of tensors, and what is refused.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Files;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class FamilyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Supported_lists_every_family() =>
        Assert.Equal(["albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "gpt2", "llama", "mistral", "qwen2", "roberta", "xlm-roberta"], Backbone.Supported.Order());

    [Theory]
    [InlineData("camembert")]
    [InlineData("xlm-roberta")]
    public void What_shares_code_with_RoBERTa_computes_what_RoBERTa_computes(string type)
    {
        float[] expected = Hidden("parity", "roberta-small-random", config => config);
        Assert.Equal(expected, Hidden("parity", "roberta-small-random", config => config.Replace("\"roberta\"", $"\"{type}\"")));
    }

    [Fact]
    public void Old_names_of_a_norm_are_read_and_names_need_no_prefix()
    {
        float[] expected = Hidden("parity", "bert-small-random", config => config);
        using (var file = WeightFile.Open(Shared.Fixture("parity", "bert-small-random", "model.safetensors")))
            SafetensorsWriter.Write(_folder.At("model.safetensors"), [.. file.Entries.Values.Select(entry => new TensorData(Old(entry.Name), entry.Shape, file.ReadFloats(entry.Name)))]);
        Assert.Equal(expected, Hidden("parity", "bert-small-random", config => config, "config.json"));

        static string Old(string name) => name.Replace("bert.", "").Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta");
    }

    [Theory]
    [InlineData("parity", "bert-small-random")]
    [InlineData("parity", "roberta-small-random")]
    [InlineData("families", "electra")]
    [InlineData("families", "albert")]
    [InlineData("families", "deberta-v2")]
    public void An_ONNX_model_is_what_its_checkpoint_is_also_with_the_names_of_a_module_around_it(string root, string model)
    {
        float[] expected = Hidden(root, model, config => config);
        TensorData[] tensors;
        using (var file = WeightFile.Open(_folder.At("model.safetensors")))
            tensors = [.. file.Entries.Values.Select(entry => new TensorData("0.auto_model." + entry.Name, entry.Shape, file.ReadFloats(entry.Name)))];
        OnnxModel.Of(tensors).Save(_folder.At("model.onnx"));
        Assert.Equal(expected, Hidden(root, model, config => config, "config.json", onlyOnnx: true));
    }

    [Fact]
    public void Rows_of_RoBERTa_are_shorter_by_the_positions_that_it_reserves()
    {
        Place("parity", "roberta-small-random", config => config);
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        Assert.Equal(66 - 2 - 5, lease.Backbone.Encoder.MaxRowLength(5));
    }

    [Theory]
    [InlineData("parity", "bert-small-random", "\"bert\"", "\"t5\"", "model_type 't5' is not supported; supported are bert, roberta")]
    [InlineData("parity", "bert-small-random", "\"absolute\"", "\"relative_key\"", "position_embedding_type 'relative_key'")]
    [InlineData("families", "deberta-v2", "p2c|c2p", "p2p", "pos_att_type 'p2p'")]
    [InlineData("families", "deberta-v2", "\"conv_kernel_size\": 3", "\"conv_kernel_size\": 2", "conv_kernel_size 2")]
    [InlineData("families", "albert", "\"inner_group_num\": 1", "\"inner_group_num\": 2", "inner_group_num 2")]
    [InlineData("parity", "bert-small-random", "\"gelu\"", "\"swiglu\"", "activation 'swiglu'")]
    public void What_is_not_supported_is_said(string root, string model, string before, string after, string expected)
    {
        Place(root, model, config => config.Replace(before, after));
        Assert.Contains(expected, Assert.Throws<NotSupportedException>(() => FrozenBackbone.Use(_folder.Path, torch.CPU)).Message);
    }

    [Theory]
    [InlineData("distilbert", "\"dim\": 24", "\"dim\": 23", "dim 23 is not a multiple of n_heads 4")]
    [InlineData("distilbert", "\"n_layers\": 3", "\"n_layers\": 4", "transformer.layer.3.attention.q_lin.weight")]
    [InlineData("distilbert", "\"dropout\": 0.1", "\"dropout\": 1.5", "dropout is 1.5")]
    [InlineData("albert", "\"num_hidden_groups\": 2", "\"num_hidden_groups\": 9", "num_hidden_groups 9")]
    [InlineData("electra", "\"embedding_size\": 16", "\"embedding_size\": 24", "config.json makes it [200, 24]")]
    [InlineData("deberta-v2", "\"share_att_key\": true", "\"share_att_key\": false", "pos_key_proj.weight")]
    [InlineData("deberta-v2", "\"position_buckets\": 6", "\"position_buckets\": \"6\"", "'position_buckets' is \"6\"")]
    public void A_config_that_does_not_fit_the_weights_is_an_error_that_names_the_field_or_tensor(string model, string before, string after, string expected)
    {
        Place("families", model, config => config.Replace(before, after));
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => FrozenBackbone.Use(_folder.Path, torch.CPU)).Message);
    }

    public void Dispose() => _folder.Dispose();

    private float[] Hidden(string root, string model, Func<string, string> edit, string files = "*", bool onlyOnnx = false)
    {
        Place(root, model, edit, files);
        if (onlyOnnx) File.Delete(_folder.At("model.safetensors"));
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var rows = new PackedBatch([2, 7, 9, 3, 2, 8], [0, 0, 0, 0, 0, 0], [0, 4, 6]);
        return MLNet.PTuning.Tuning.ParameterFactory.ToArray(lease.Backbone.Encoder.Forward(rows, [0, 1, 2, 3, 4, 5], PromptState.None, null));
    }

    private void Place(string root, string model, Func<string, string> edit, string files = "*")
    {
        foreach (string file in Directory.GetFiles(Shared.Fixture(root, model), files)) File.Copy(file, _folder.At(Path.GetFileName(file)), overwrite: true);
        string config = File.ReadAllText(_folder.At("config.json"));
        File.WriteAllText(_folder.At("config.json"), edit(config));
        string[] special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        File.WriteAllText(_folder.At("vocab.txt"), string.Join("\n", special.Concat(Enumerable.Range(special.Length, 200 - special.Length).Select(i => $"w{i}"))));
    }
}
