// Decoders as backbones of the steps that encoders have: every method learns, words are read at their last piece, models are saved and go to PEFT's folders and back.
using System.Text.Json.Nodes;
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Text;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class DecoderPipelineTests : IDisposable
{
    private readonly TempFolder _folder = new(), _other = new();
    private readonly MLContext _ml = new(seed: 1);

    public static TheoryData<string, TuningMethod> Methods => new()
    {
        { "llama", new DeepPrompt { Length = 4 } }, { "llama", new DeepPrompt { Length = 4, Reparameterize = true, EncoderHiddenSize = 8 } }, { "llama", new PrefixTuning { Length = 4, EncoderHiddenSize = 8 } },
        { "llama", new SoftPrompt { Length = 4 } }, { "llama", new PTuningV1() }, { "llama", new BottleneckAdapter { Size = 4 } }, { "llama", new HeadOnly() }, { "llama", new FullFineTuning() },
        { "gpt2", new DeepPrompt { Length = 4 } }, { "gpt2", new SoftPrompt { Length = 4 } }, { "gpt2", new BitFit() }, { "gpt2", new FullFineTuning() },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_method_learns_and_is_the_same_after_loading(string name, TuningMethod method)
    {
        Copy(name);
        var options = new TextClassificationOptions(_folder.Path) { Method = method, Epochs = 4, BatchSize = 8, LearningRate = 0.02, HeadDropout = 0, BackboneDropout = false };
        var rows = Reviews.Rows(40);
        using var model = Reviews.Train(options, rows);
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss);
        float[] scores = Reviews.Scores(model, rows);
        Assert.True(scores.Distinct().Count() > 40, "all rows look alike to the model");
        _ml.Model.SaveSafely(model, null, _other.At("model.zip"));
        var loaded = _ml.Model.Load(_other.At("model.zip"), out _);
        using var disposable = (IDisposable)loaded;
        Assert.Equal(scores, Reviews.Scores(loaded, rows));
    }

    [Fact]
    public void BitFit_is_refused_where_there_are_no_biases_to_train()
    {
        Copy("llama");
        var options = new TextClassificationOptions(_folder.Path) { Method = new BitFit(), Epochs = 1 };
        Assert.Contains("BitFit trains biases, and the llama in", Assert.Throws<NotSupportedException>(() => Reviews.Train(options, Reviews.Rows(8))).Message);
    }

    [Theory]
    [InlineData("llama", 4, 1)]
    [InlineData("gpt2", 8, 2)]
    public void PEFT_folders_have_the_width_of_the_keys_and_the_score_without_bias_and_come_back_bit_for_bit(string name, int width, int keyHeads)
    {
        Copy(name);
        var rows = Reviews.Rows(16);
        using var model = Reviews.Train(new TextClassificationOptions(_folder.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1, BatchSize = 8 }, rows);
        PeftFolder.Save(model, _other.Path);
        var adapter = PeftAdapter.Load(_other.Path);
        Assert.Equal((width, keyHeads), (adapter.Config.TokenDim, adapter.Config.AttentionHeads));
        Assert.Equal([3, 2 * 2 * width], adapter.Tensors[PeftAdapter.PromptName].Shape);
        Assert.Equal(["base_model.score.weight"], adapter.Tensors.Keys.Where(key => key != PeftAdapter.PromptName));
        using var loaded = _ml.Transforms.PTuningV2ClassifyFromPeft(_folder.Path, _other.Path).Model;
        Assert.Equal(Reviews.Scores(model, rows), Reviews.Scores(loaded, rows));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_soft_prompts_classifier_reads_the_last_token_and_comes_back_from_its_PEFT_folder(bool poolsFirstVector)
    {
        Copy("llama");
        var rows = Reviews.Rows(16);
        using var model = Reviews.Train(new TextClassificationOptions(_folder.Path) { Method = new SoftPrompt { Length = 3, PoolsFirstVector = poolsFirstVector }, Epochs = 1, BatchSize = 8 }, rows);
        float[] scores = Reviews.Scores(model, rows);
        Assert.True(scores.Distinct().Count() > 16, "all rows look alike to the model");
        PeftFolder.Save(model, _other.Path);
        using var loaded = _ml.Transforms.PTuningV2ClassifyFromPeft(_folder.Path, _other.Path).Model;
        Assert.Equal(scores, Reviews.Scores(loaded, rows));
    }

    [Fact]
    public void A_word_is_labeled_at_its_last_piece_which_has_seen_all_of_it()
    {
        Copy("llama");
        var words = new[] { "the", "film" };
        var tokenizer = TextTokenizer.Load(_folder.Path);
        // 'thefilm' is no word of the vocabulary, and has one unknown piece; a word of two pieces has a joint of punctuation.
        var window = Assert.Single(new TokenLabeling(tokenizer, new DeepPrompt(), 20, 4, hasPairs: false, readsLastPiece: true).Windows(["the", "good-film", .. words], null, [0, 1, 2, 3], allPieces: false));
        int[] read = window.Example.ReadPositions;
        Assert.Equal(["the", "film", "the", "film"], read.Select(at => TinyBackbone.Vocabulary[window.Example.Ids[at]]));
        Assert.Equal([0, 1, 2, 3], window.Words);

        using var labeler = Sentences.Train(new TokenLabelingOptions(_folder.Path) { Method = new DeepPrompt { Length = 4 }, Epochs = 4, LearningRate = 0.05, BatchSize = 8 }, Sentences.Rows(24));
        Assert.True(labeler.Report!.Epochs[^1].TrainingLoss < labeler.Report.Epochs[0].TrainingLoss);
    }

    [Fact]
    public void An_empty_text_is_predicted_too()
    {
        Copy("gpt2");
        using var model = Reviews.Train(new TextClassificationOptions(_folder.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1, BatchSize = 8 }, Reviews.Rows(8));
        Assert.All(Reviews.Scores(model, [new Review { Text = "" }, new Review { Text = null }]), p => Assert.True(float.IsFinite(p)));
        var tokenizer = new TextTokenizer([], null, new BertWordSplitter(), new WordPieceModel(new Dictionary<string, int> { ["a"] = 0 }, "a"), SpecialLayout.WithoutSpecials) { PadId = 3 };
        var form = new RowForm(tokenizer, 20, new HeadOnly(), hasPairs: false, readsLast: true);
        var row = form.Join([], null);
        Assert.Equal([3], row.Input.Ids);
        Assert.Equal(0, row.ReadPosition);
        // A padding token that was added to the vocabulary has no row in the word embeddings.
        tokenizer.LimitIds(3);
        Assert.Equal([0], form.Join([], null).Input.Ids);
    }

    [Theory]
    [InlineData("rope_scaling", """{"rope_type": "llama3", "factor": 8.0}""", "rope_scaling is of type 'llama3'")]
    [InlineData("rope_parameters", """{"rope_type": "yarn", "rope_theta": 10000.0}""", "rope_parameters is of type 'yarn'")]
    [InlineData("num_key_value_heads", "3", "num_attention_heads 2 is not a multiple of num_key_value_heads 3")]
    [InlineData("head_dim", "3", "must be even")]
    [InlineData("hidden_act", "\"geglu\"", "activation 'geglu' is not supported")]
    [InlineData("vocab_size", "29", "has shape [28, 8]; config.json makes it [29, 8]")]
    [InlineData("attention_bias", "true", "hold no tensor 'layers.0.self_attn.q_proj.bias'")]
    public void What_is_not_computed_so_or_does_not_fit_is_named(string field, string value, string message)
    {
        Copy("llama");
        var config = JsonNode.Parse(File.ReadAllText(_folder.At("config.json")))!.AsObject();
        config[field] = JsonNode.Parse(value);
        File.WriteAllText(_folder.At("config.json"), config.ToJsonString());
        var error = Assert.ThrowsAny<Exception>(() => FrozenBackbone.Use(_folder.Path, torch.CPU).Dispose());
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void A_window_shorter_than_the_positions_bounds_the_rows()
    {
        Copy("llama");
        string config = File.ReadAllText(_folder.At("config.json"));
        File.WriteAllText(_folder.At("config.json"), config.Replace("\"llama\"", "\"mistral\"").Replace("\"rope_theta\"", "\"sliding_window\": 24, \"rope_theta\""));
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        Assert.Equal(20, lease.Backbone.Encoder.MaxRowLength(4));
        var options = new TextClassificationOptions(_folder.Path) { Method = new DeepPrompt { Length = 30 } };
        Assert.Contains("leaves 0 of the backbone's 24 positions (sliding_window in config.json)", Assert.Throws<ArgumentException>(() => Reviews.Train(options, Reviews.Rows(8))).Message);
    }

    [Theory]
    [InlineData("llama", "module.")]
    [InlineData("gpt2", "_orig_mod.module.")]
    public void Tensors_under_the_names_of_modules_around_the_model_are_found_with_the_head_beside_them(string name, string around)
    {
        Copy(name);
        TensorData[] all;
        using (var file = WeightFile.Open(_folder.At("model.safetensors"))) all = [.. file.Entries.Values.Select(e => new TensorData(around + e.Name, e.Shape, file.ReadFloats(e.Name)))];
        var words = all.Single(t => t.Name.EndsWith("embed_tokens.weight", StringComparison.Ordinal) || t.Name.EndsWith("wte.weight", StringComparison.Ordinal));
        SafetensorsWriter.Write(_folder.At("model.safetensors"), all.Append(new TensorData(around + "lm_head.weight", words.Shape, words.Floats)));
        var config = JsonNode.Parse(File.ReadAllText(_folder.At("config.json")))!.AsObject();
        config["tie_word_embeddings"] = false;
        File.WriteAllText(_folder.At("config.json"), config.ToJsonString());
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        Assert.Equal(words.Shape, ComputeThread.Run(() => lease.Backbone.LanguageHead!.shape));
    }

    [SharedFact("backbones/tinystories-656k-llama")]
    public void A_real_model_finds_a_story_much_likelier_than_its_word_pieces_in_another_order()
    {
        using var lease = FrozenBackbone.Use(Shared.At("backbones", "tinystories-656k-llama"), torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var backbone = lease.Backbone;
        int[] story = backbone.Tokenizer.Encode("Tom had a red ball. He went to the park with his mom. They saw a big dog. The dog wanted to play with the ball. Tom was happy and they played all day.", null, 200).Ids;
        int[] shuffled = [.. story];
        new Random(1).Shuffle(shuffled.AsSpan(1));
        Assert.InRange(Loss(story), 1, 5);
        Assert.InRange(Loss(shuffled) - Loss(story), 2, 20);

        // The mean cross-entropy of each next word piece, by the word embeddings, which are tied to the scores.
        float Loss(int[] ids)
        {
            var hidden = backbone.Encoder.Forward(new PackedBatch(ids, new int[ids.Length], [0, ids.Length]), [.. Enumerable.Range(0, ids.Length - 1)], PromptState.None, null);
            return torch.nn.functional.cross_entropy(hidden.matmul(backbone.Encoder.WordEmbeddings.Values.t()), torch.tensor(Array.ConvertAll(ids[1..], id => (long)id))).item<float>();
        }
    }

    public void Dispose()
    {
        _folder.Dispose();
        _other.Dispose();
    }

    private void Copy(string name)
    {
        foreach (string file in Directory.GetFiles(Shared.Fixture("decoders", name))) File.Copy(file, _folder.At(Path.GetFileName(file)));
        File.WriteAllText(_folder.At("vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary));
    }
}
