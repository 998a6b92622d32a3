// config.json as Python writes it and as folders come: numbers that JSON does not have, no model_type, other architectures, Hugging Face's cache.
using System.Text;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class ConfigFormTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();

    [Fact]
    public void Numbers_that_only_Python_writes_are_passed_over_where_nothing_reads_them()
    {
        File.WriteAllText(_backbone.At("config.json"), File.ReadAllText(_backbone.At("config.json")).Replace("{",
            """{ "loss": NaN, "limits": [-Infinity, Infinity, 1.0], "note": "NaN, \"Infinity\" and -Infinity", """));
        File.WriteAllText(_backbone.At("tokenizer_config.json"), """{"model_max_length": Infinity, "do_lower_case": true, "x": NaN}""");
        using var lease = Load();
        Assert.Equal("NaN, \"Infinity\" and -Infinity", lease.Backbone.Folder.Config.GetProperty("note").GetString());
        Assert.Null(lease.Backbone.Tokenizer.ModelMaxLength);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    public void Such_a_number_where_one_is_needed_is_named_with_file_and_field(string number)
    {
        string config = File.ReadAllText(_backbone.At("config.json"));
        File.WriteAllText(_backbone.At("config.json"), config.Replace("{", $$"""{ "layer_norm_eps": {{number}}, """));
        Mentions(Assert.Throws<InvalidDataException>(() => Load()), "config.json", "layer_norm_eps", number);
    }

    [Theory]
    [InlineData("config.json", "{\"model_type\": nan}")]
    [InlineData("tokenizer_config.json", "{\"do_lower_case\": True}")]
    [InlineData("tokenizer_config.json", "{\"unk_token\": \"\\uD800\"}")]
    [InlineData("special_tokens_map.json", "{'unk_token': '[UNK]'}")]
    [InlineData("added_tokens.json", "[1]")]
    [InlineData("tokenizer.json", "{\"model\": ")]
    public void Every_error_of_JSON_names_its_file(string name, string content)
    {
        File.WriteAllText(_backbone.At(name), content);
        Mentions(Assert.Throws<InvalidDataException>(() => Load()), _backbone.At(name));
    }

    [Fact]
    public void Other_encodings_of_JSON_are_read()
    {
        string config = File.ReadAllText(_backbone.At("config.json"));
        foreach (Encoding encoding in (Encoding[])[new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            File.WriteAllText(_backbone.At("config.json"), config, encoding);
            File.WriteAllText(_backbone.At("tokenizer_config.json"), "{\"do_lower_case\": false}", encoding);
            File.WriteAllText(_backbone.At("vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary), encoding);
            using var lease = Load();
            Assert.Equal(5, Assert.Single(lease.Backbone.Tokenizer.Pieces("good")).Id);
        }
    }

    [Theory]
    [InlineData("BertModel", "bert")]
    [InlineData("BertForPreTraining", "bert")]
    [InlineData("BertLMHeadModel", "bert")]
    [InlineData("RobertaForMaskedLM", "roberta")]
    [InlineData("XLMRobertaForSequenceClassification", "xlm-roberta")]
    [InlineData("CamembertModel", "camembert")]
    [InlineData("DistilBertForTokenClassification", "distilbert")]
    [InlineData("ElectraForPreTraining", "electra")]
    [InlineData("AlbertModel", "albert")]
    [InlineData("DebertaV2ForMaskedLM", "deberta-v2")]
    public void Without_model_type_a_plain_architecture_says_it(string architecture, string expected)
    {
        string json = $$"""{"architectures": ["{{architecture}}"], "vocab_size": 8, "hidden_size": 8, "dim": 8, "num_hidden_layers": 1, "n_layers": 1, "num_attention_heads": 1, "n_heads": 1, "intermediate_size": 8, "hidden_dim": 8, "max_position_embeddings": 8}""";
        Assert.Equal(expected, BackboneConfig.Parse(System.Text.Json.JsonDocument.Parse(json).RootElement, "config.json").ModelType);
    }

    [Fact]
    public void Without_either_it_is_said_what_to_add()
    {
        _backbone.SetConfig("model_type", null);
        Mentions(Assert.Throws<InvalidDataException>(() => Load()), "config.json", "\"model_type\": \"bert\"", "roberta");
    }

    [Fact]
    public void Model_type_may_be_written_in_capitals()
    {
        _backbone.SetConfig("model_type", "BERT");
        using var lease = Load();
        Assert.Equal("bert", lease.Backbone.Config.ModelType);
    }

    [Theory]
    [InlineData("chatglm", "ChatGLMModel")]
    [InlineData(null, "ChatGLMForConditionalGeneration")]
    [InlineData(null, "MyModel")]
    [InlineData("gemma2", "Gemma2ForCausalLM")]
    [InlineData("gpt_neox", "GPTNeoXForCausalLM")]
    [InlineData("t5", "T5ForConditionalGeneration")]
    public void Other_architectures_are_refused_by_name_before_their_weights_are_read(string? type, string architecture)
    {
        _backbone.SetConfig("model_type", type);
        _backbone.SetConfig("architectures", new System.Text.Json.Nodes.JsonArray(architecture));
        // As ChatGLM's folder has them: an index of shards, here of ones that are not there, and a vocabulary of another kind.
        File.Delete(_backbone.At("model.safetensors"));
        File.Delete(_backbone.At("vocab.txt"));
        File.WriteAllText(_backbone.At("pytorch_model.bin.index.json"), """{"weight_map": {"transformer.word_embeddings.weight": "pytorch_model-00001-of-00008.bin"}}""");
        Mentions(Assert.Throws<NotSupportedException>(() => Load()), type ?? architecture, "not supported", "bert, roberta");
    }

    [Fact]
    public void An_encoder_that_was_made_a_decoder_is_refused()
    {
        _backbone.SetConfig("is_decoder", true);
        Mentions(Assert.Throws<NotSupportedException>(() => Load()), "is_decoder");
    }

    [Fact]
    public void A_folder_of_Hugging_Faces_cache_gives_its_snapshot()
    {
        string cache = IntoCache("models--org--name", "0123abc", "main");
        using var lease = FrozenBackbone.Use(cache, torch.CPU);
        Assert.Equal(Path.Combine(cache, "snapshots", "0123abc"), lease.Backbone.Folder.Path);
    }

    [Fact]
    public void Of_several_snapshots_the_one_of_main_is_taken_and_without_it_they_are_named()
    {
        string cache = IntoCache("models--org--name", "0123abc", "main");
        Directory.CreateDirectory(Path.Combine(cache, "snapshots", "ffff"));
        using (var lease = FrozenBackbone.Use(cache, torch.CPU)) Assert.EndsWith("0123abc", lease.Backbone.Folder.Path);
        File.Delete(Path.Combine(cache, "refs", "main"));
        Mentions(Assert.Throws<FileNotFoundException>(() => FrozenBackbone.Use(cache, torch.CPU)), "0123abc", "ffff");
    }

    [Fact]
    public void The_cache_above_models_names_them()
    {
        string cache = IntoCache("models--org--name", "0123abc", "main");
        Mentions(Assert.Throws<FileNotFoundException>(() => FrozenBackbone.Use(Path.GetDirectoryName(cache)!, torch.CPU)), "models--org--name");
    }

    [Fact]
    public void A_snapshots_links_are_followed_by_the_content_hash()
    {
        if (OperatingSystem.IsWindows()) return; // Links need rights there.
        string cache = IntoCache("models--org--name", "0123abc", "main"), snapshot = Path.Combine(cache, "snapshots", "0123abc"), weights = Path.Combine(snapshot, "model.safetensors");
        string blob = Path.Combine(Directory.CreateDirectory(Path.Combine(cache, "blobs")).FullName, "feed");
        File.Move(weights, blob);
        File.CreateSymbolicLink(weights, Path.Combine("..", "..", "blobs", "feed"));
        string before = new ModelFolder(cache).ContentHash;
        byte[] bytes = File.ReadAllBytes(blob);
        bytes[^1] ^= 1;
        File.WriteAllBytes(blob, bytes);
        File.SetLastWriteTimeUtc(blob, DateTime.UtcNow.AddSeconds(5));
        Assert.NotEqual(before, new ModelFolder(cache).ContentHash);
        using var lease = FrozenBackbone.Use(cache, torch.CPU);
    }

    [Fact]
    public void Weights_of_other_frameworks_and_adapters_are_named()
    {
        File.Delete(_backbone.At("model.safetensors"));
        File.WriteAllText(_backbone.At("tf_model.h5"), "x");
        Mentions(Assert.Throws<FileNotFoundException>(() => Load()), "tf_model.h5", "model.safetensors");
        File.Delete(_backbone.At("tf_model.h5"));
        File.WriteAllText(_backbone.At("adapter_config.json"), """{"base_model_name_or_path": "org/base"}""");
        Mentions(Assert.Throws<FileNotFoundException>(() => Load()), "adapter", "PeftFolder.Load");
        File.Delete(_backbone.At("config.json"));
        Mentions(Assert.Throws<FileNotFoundException>(() => Load()), "adapter", "PeftFolder.Load");
    }

    [Fact]
    public void A_folder_whose_subfolder_is_the_model_names_it()
    {
        string inner = Directory.CreateDirectory(_backbone.At("0_Transformer")).FullName;
        foreach (string name in (string[])["config.json", "model.safetensors", "vocab.txt"]) File.Move(_backbone.At(name), Path.Combine(inner, name));
        Mentions(Assert.Throws<FileNotFoundException>(() => Load()), "0_Transformer");
    }

    [Fact]
    public void Missing_shards_are_all_named()
    {
        File.Delete(_backbone.At("model.safetensors"));
        File.WriteAllText(_backbone.At("model.safetensors.index.json"), """{"weight_map": {"a": "model-00001-of-00003.safetensors", "b": "model-00002-of-00003.safetensors", "c": "model-00003-of-00003.safetensors"}}""");
        File.WriteAllText(_backbone.At("model-00002-of-00003.safetensors"), "");
        string message = Assert.Throws<FileNotFoundException>(() => Load()).Message;
        Assert.Contains("model-00001-of-00003.safetensors, model-00003-of-00003.safetensors", message);
        Assert.Contains("model.safetensors.index.json", message);
    }

    public void Dispose() => _backbone.Dispose();

    private FrozenBackbone.Lease Load() => FrozenBackbone.Use(_backbone.Path, torch.CPU);

    // Moves the model to where Hugging Face's cache would have it.
    private string IntoCache(string model, string revision, string branch)
    {
        string cache = _backbone.At(model), snapshot = Directory.CreateDirectory(Path.Combine(cache, "snapshots", revision)).FullName;
        foreach (string name in (string[])["config.json", "model.safetensors", "vocab.txt"]) File.Move(_backbone.At(name), Path.Combine(snapshot, name));
        Directory.CreateDirectory(Path.Combine(cache, "refs"));
        File.WriteAllText(Path.Combine(cache, "refs", branch), revision);
        return cache;
    }

    private static void Mentions(Exception error, params string[] named) => Assert.All(named, n => Assert.Contains(n, error.Message));
}
