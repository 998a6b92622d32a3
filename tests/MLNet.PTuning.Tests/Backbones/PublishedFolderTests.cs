// Folders as they are published, in unusual forms: vocabularies and tables of different sizes, tensors under other names, more layers than config.json says.
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class PublishedFolderTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _warnings = [];

    public PublishedFolderTests() => _ml.Log += (_, line) =>
    {
        // With so few rows all may be predicted as one class, which has a warning of its own.
        if (line.Kind == ChannelMessageKind.Warning && !line.RawMessage.StartsWith("Epoch ")) _warnings.Add(line.RawMessage);
    };

    [Theory]
    [InlineData(32_102, 31_102)]
    [InlineData(50_000, 30_521)]
    [InlineData(800, 428)]
    public void A_vocab_size_above_the_vocabulary_loads_and_is_said(int embeddings, int pieces)
    {
        WriteVocabulary(pieces);
        Resize(embeddings);
        Train(Reviews.Rows(4));
        Assert.Contains(_warnings, w => w.Contains($"{pieces}") && w.Contains($"{embeddings}"));
    }

    [Fact]
    public void A_few_rows_of_padding_are_not_worth_a_word()
    {
        Resize(TinyBackbone.Vocabulary.Length + 36);
        Train(Reviews.Rows(4));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_tokenizer_longer_than_the_embeddings_fails_only_where_such_a_token_occurs()
    {
        int count = TinyBackbone.Vocabulary.Length;
        File.AppendAllText(_backbone.At("vocab.txt"), "\nrare");
        Train(Reviews.Rows(4));
        Assert.Contains(_warnings, w => w.Contains($"{count + 1}") && w.Contains($"{count}"));

        var rows = Reviews.Rows(4);
        rows[2].Text = "a rare film";
        Mentions(Assert.Throws<InvalidDataException>(() => Train(rows)), "'rare'", $"id {count}", $"{count} rows");
        var sentences = Sentences.Rows(8);
        sentences[3].Words[0] = "rare";
        Mentions(Assert.Throws<InvalidDataException>(() => Sentences.Train(Sentences.Options(_backbone), sentences)), "'rare'", $"id {count}");
    }

    [Fact]
    public void A_token_beyond_the_embeddings_fails_in_prediction_by_name()
    {
        File.AppendAllText(_backbone.At("vocab.txt"), "\nrare");
        using var model = Train(Reviews.Rows(4));
        Assert.Equal(4, Reviews.Scores(model, Reviews.Rows(2)).Length);
        Mentions(Assert.Throws<InvalidDataException>(() => Reviews.Scores(model, [new Review { Text = "a rare film" }])), "'rare'");
        var engine = _ml.Model.CreatePredictionEngine<Review, Predicted>(model);
        Mentions(Assert.Throws<InvalidDataException>(() => engine.Predict(new Review { Text = "a rare film" })), "'rare'");
    }

    [Fact]
    public void A_prompt_drawn_from_the_vocabulary_begins_as_rows_that_the_table_has()
    {
        WriteVocabulary(2000);
        var options = Reviews.Options(_backbone);
        options.Method = new SoftPrompt { Length = 8, Start = PromptStart.Vocabulary };
        options.Epochs = 1;
        using var model = Reviews.Train(options, Reviews.Rows(4));
    }

    [Fact]
    public void A_special_token_beyond_the_embeddings_is_refused_at_once()
    {
        string[] moved = [.. TinyBackbone.Vocabulary.Select(p => p == "[SEP]" ? "moved" : p), "[SEP]"];
        File.WriteAllText(_backbone.At("vocab.txt"), string.Join('\n', moved));
        Mentions(Assert.Throws<InvalidDataException>(() => Train(Reviews.Rows(4))), "'[SEP]'", $"id {TinyBackbone.Vocabulary.Length}");
    }

    [Fact]
    public void A_config_of_fewer_layers_than_the_weights_loads_and_is_said()
    {
        _backbone.SetConfig("num_hidden_layers", 1);
        Train(Reviews.Rows(4));
        Assert.Contains(_warnings, w => w.Contains("num_hidden_layers 1") && w.Contains("2 layers"));
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("model.")]
    [InlineData("_orig_mod.")]
    [InlineData("_orig_mod.module.")]
    [InlineData("module.model.")]
    [InlineData("0.auto_model.")]
    public void A_prefix_of_a_module_around_the_model_is_passed_over(string prefix)
    {
        float[] expected = Hidden("bert-small-random", t => t.Name);
        int masked = MaskedWords();
        Assert.True(masked > 0);
        Assert.Equal(expected, Hidden("bert-small-random", t => prefix + t.Name));
        Assert.Equal(masked, MaskedWords());
        Assert.Equal(expected, Hidden("bert-small-random", t => prefix + t.Name.Replace("bert.", "")));
    }

    [Fact]
    public void Two_encoders_in_one_file_are_refused_by_their_prefixes()
    {
        Place("bert-small-random", t => "question." + t.Name);
        using (var file = WeightFile.Open(_folder.At("model.safetensors")))
        {
            TensorData[] both = [.. file.Entries.Values.SelectMany(e => new[] { e.Name, e.Name.Replace("question.", "context.") }, (e, name) => new TensorData(name, e.Shape, file.ReadFloats(e.Name)))];
            SafetensorsWriter.Write(_folder.At("other.safetensors"), both);
        }
        File.Move(_folder.At("other.safetensors"), _folder.At("model.safetensors"), overwrite: true);
        Mentions(Assert.Throws<InvalidDataException>(() => FrozenBackbone.Use(_folder.Path, torch.CPU)), "'question.bert.'", "'context.bert.'");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Word_embeddings_stored_once_under_their_decoders_name_are_found(bool withAlias)
    {
        const string Words = "roberta.embeddings.word_embeddings.weight", Decoder = "lm_head.decoder.weight";
        float[] expected = Hidden("roberta-small-random", t => t.Name);
        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        if (withAlias) metadata[Words] = Decoder;
        Assert.Equal(expected, Hidden("roberta-small-random", t => t.Name == Words ? Decoder : t.Name == Decoder ? null : t.Name, metadata));
    }

    [Fact]
    public void An_alias_of_any_tensor_is_followed()
    {
        const string Bias = "cls.predictions.bias", Other = "cls.predictions.decoder.bias";
        Place("bert-small-random", t => t.Name == Bias ? Other : t.Name == Other ? null : t.Name, new() { ["format"] = "pt", [Bias] = Other });
        Assert.True(MaskedWords() > 0);
        const string Key = "bert.encoder.layer.0.attention.self.key.bias";
        Mentions(Assert.Throws<InvalidDataException>(() => Hidden("bert-small-random", t => t.Name == Key ? null : t.Name, new() { [Key] = "absent" })), "attention.self.key.bias");
    }

    [Fact]
    public void The_masked_word_bias_stored_under_its_decoders_name_is_found()
    {
        Place("bert-small-random", t => t.Name.Replace("cls.predictions.bias", "cls.predictions.decoder.bias"));
        Assert.True(MaskedWords() > 0);
    }

    [Fact]
    public void Buffers_of_position_ids_are_passed_over()
    {
        float[] expected = Hidden("bert-small-random", t => t.Name);
        using (var file = WeightFile.Open(_folder.At("model.safetensors")))
        {
            SafetensorsWriter.Write(_folder.At("other.safetensors"), [.. file.Entries.Values.Select(e => new TensorData(e.Name, e.Shape, file.ReadFloats(e.Name))),
                new TensorData("bert.embeddings.position_ids", ElementType.I64, [1, 64], new byte[512])]);
        }
        File.Move(_folder.At("other.safetensors"), _folder.At("model.safetensors"), overwrite: true);
        Assert.Equal(expected, HiddenOfFolder());
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    private void WriteVocabulary(int pieces) => File.WriteAllText(_backbone.At("vocab.txt"),
        string.Join('\n', TinyBackbone.Vocabulary.Concat(Enumerable.Range(0, pieces - TinyBackbone.Vocabulary.Length).Select(i => $"w{i}"))));

    private void Resize(int embeddings)
    {
        _backbone.SetConfig("vocab_size", embeddings);
        _backbone.ChangeWeights(t => t.Name.Contains("word_embeddings") ? new TensorData(t.Name, [embeddings, TinyBackbone.Hidden], new float[embeddings * TinyBackbone.Hidden]) : t);
    }

    private PTuningClassificationTransformer Train(IEnumerable<Review> rows)
    {
        var options = new TextClassificationOptions(_backbone.Path) { Method = new DeepPrompt { Length = 2 }, Epochs = 1 };
        return Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows)).LastTransformer;
    }

    private float[] Hidden(string model, Func<TensorEntry, string?> rename, Dictionary<string, string>? metadata = null)
    {
        Place(model, rename, metadata);
        return HiddenOfFolder();
    }

    private float[] HiddenOfFolder()
    {
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var rows = new PackedBatch([2, 7, 9, 3, 2, 8], [0, 0, 0, 0, 0, 0], [0, 4, 6]);
        return MLNet.PTuning.Tuning.ParameterFactory.ToArray(lease.Backbone.Encoder.Forward(rows, [0, 1, 2, 3, 4, 5], PromptState.None, null));
    }

    // Elements of the masked-word head's bias; 0 where there is none.
    private int MaskedWords()
    {
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        return (int)(lease.Backbone.MaskedWords?.Bias.numel() ?? 0);
    }

    private void Place(string model, Func<TensorEntry, string?> rename, Dictionary<string, string>? metadata = null)
    {
        File.Copy(Shared.Fixture("parity", model, "config.json"), _folder.At("config.json"), overwrite: true);
        string[] special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        File.WriteAllText(_folder.At("vocab.txt"), string.Join("\n", special.Concat(Enumerable.Range(special.Length, 200 - special.Length).Select(i => $"w{i}"))));
        using var file = WeightFile.Open(Shared.Fixture("parity", model, "model.safetensors"));
        SafetensorsWriter.Write(_folder.At("model.safetensors"),
            [.. file.Entries.Values.Where(e => rename(e) is not null).Select(e => new TensorData(rename(e)!, e.Shape, file.ReadFloats(e.Name)))], metadata);
    }

    private static void Mentions(Exception error, params string[] named) => Assert.All(named, n => Assert.Contains(n, error.Message));
}
