// Odd folders that public reports tell of, one a test: what loads, what is said of it, and what is refused by name.
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Pipeline;
using MLNet.PTuning.Tests.Text;
using MLNet.PTuning.Text;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class OddFolderTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();

    [Fact]
    public void A_cased_vocabulary_without_a_word_on_case_is_lower_cased_and_warned_of()
    {
        File.WriteAllText(_backbone.At("vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary.Select(p => p == "good" ? "Good" : p)));
        Assert.Contains("'Good'", Assert.Single(Warnings(), w => w.Contains("do_lower_case")));
        File.WriteAllText(_backbone.At("tokenizer_config.json"), """{"do_lower_case": false}""");
        Assert.DoesNotContain(Warnings(), w => w.Contains("do_lower_case"));
    }

    [Fact]
    public void Code_of_the_models_own_is_not_run_and_that_is_said()
    {
        _backbone.SetConfig("auto_map", new JsonObject { ["AutoConfig"] = "configuration_bert.BertConfig", ["AutoModelForMaskedLM"] = "bert_layers.BertForMaskedLM" });
        Assert.Contains("auto_map", Assert.Single(Warnings()));
    }

    [Fact]
    public void A_configuration_by_its_old_name_is_found_out()
    {
        File.Move(_backbone.At("config.json"), _backbone.At("bert_config.json"));
        string message = Assert.Throws<FileNotFoundException>(() => FrozenBackbone.Use(_backbone.Path, torch.CPU)).Message;
        Assert.Contains("bert_config.json", message);
        Assert.Contains("\"model_type\": \"bert\"", message);
    }

    [Fact]
    public void A_vocabulary_of_one_token_type_takes_pairs_of_BERTs_tokenizer()
    {
        // As KLUE's RoBERTa: tokenizer_class BertTokenizer, type_vocab_size 1.
        _backbone.SetConfig("type_vocab_size", 1);
        _backbone.SetConfig("tokenizer_class", "BertTokenizer");
        _backbone.ChangeWeights(t => t.Name.Contains("token_type") ? new TensorData(t.Name, [1, TinyBackbone.Hidden], t.Floats[..TinyBackbone.Hidden]) : t);
        var options = Reviews.Options(_backbone);
        (options.TextPairColumnName, options.Epochs) = ("Other", 1);
        using var model = Reviews.Train(options, Reviews.Rows(8));
        Assert.All(Reviews.Scores(model, Reviews.Rows(4)), score => Assert.InRange(score, 0, 1));
    }

    [Fact]
    public void A_BERT_with_XLM_RoBERTas_tokenizer_has_its_layout()
    {
        // As Multilingual-MiniLM: model_type bert, sentencepiece.bpe.model.
        File.Delete(_backbone.At("vocab.txt"));
        File.WriteAllBytes(_backbone.At("sentencepiece.bpe.model"), SentencePieceModels.Write(SentencePieceModels.Unigram, [],
            ("<unk>", 0, SentencePieceModels.Unknown), ("<s>", 0, SentencePieceModels.Control), ("</s>", 0, SentencePieceModels.Control), ("▁good", -2, SentencePieceModels.Normal)));
        File.WriteAllText(_backbone.At("tokenizer_config.json"), """{"tokenizer_class": "XLMRobertaTokenizer"}""");
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        Assert.Equal([0, 4, 2, 2, 4, 2], lease.Backbone.Tokenizer.Encode("good", "good", 16).Ids);
    }

    [Fact]
    public void Positions_of_RoBERTa_begin_after_its_own_padding()
    {
        // As rinna's: pad_token_id 3, 514 positions, of which 510 are a text's.
        _backbone.SetConfig("model_type", "roberta");
        _backbone.SetConfig("pad_token_id", 3);
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        Assert.Equal(TinyBackbone.Positions - 4, lease.Backbone.Encoder.MaxRowLength(0));
    }

    [Fact]
    public void A_decoder_that_is_not_tied_is_read_from_its_own_tensor()
    {
        int pieces = TinyBackbone.Vocabulary.Length;
        _backbone.SetConfig("tie_word_embeddings", false);
        _backbone.AddWeights([("cls.predictions.transform.dense.weight", [16, 16]), ("cls.predictions.transform.dense.bias", [16]), ("cls.predictions.transform.LayerNorm.weight", [16]),
            ("cls.predictions.transform.LayerNorm.bias", [16]), ("cls.predictions.bias", [pieces]), ("cls.predictions.decoder.weight", [pieces, 16])], i => i);
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        Assert.Equal(5, lease.Backbone.MaskedWords!.Decoder![0][5].item<float>());
    }

    [Fact]
    public void A_saved_model_finds_its_backbone_in_Hugging_Faces_cache()
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Reviews.Rows(8));
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        string cache = _backbone.At("hub"), snapshot = Directory.CreateDirectory(Path.Combine(cache, "models--org--name", "snapshots", "0123")).FullName, saved = _backbone.At("model.zip");
        using (var model = Reviews.Pipeline(ml, options).Fit(data)) ml.Model.Save(model, data.Schema, saved);
        foreach (string name in (string[])["config.json", "model.safetensors", "vocab.txt"]) File.Move(_backbone.At(name), Path.Combine(snapshot, name));
        Backbone.SearchFolders = [cache];
        try
        {
            using var loaded = (IDisposable)ml.Model.Load(saved, out _);
        }
        finally
        {
            Backbone.SearchFolders = [];
        }
    }

    [Fact]
    public void Lines_that_look_empty_keep_their_ids()
    {
        // Pieces that are blanks of other scripts, empty lines within and at the end, ends of lines of Windows.
        using var files = TokenizerFiles.Bert(Encoding.UTF8.GetBytes("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n\u3000\r\n\r\n\u00a0\r\n \r\nhi\r\n\r\n\r\n"));
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([2, 8, 3], tokenizer.Encode("hi", null, 8).Ids);
        Assert.Equal(9, tokenizer.VocabularySize);
    }

    [Fact]
    public void Ids_that_no_piece_has_are_passed_over()
    {
        // As ConvBERT's tokenizer.json.
        using var files = new TokenizerFiles(("tokenizer.json", """{"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 3, "a": 7, "##b": 20}}, "pre_tokenizer": {"type": "WhitespaceSplit"}}"""u8.ToArray()));
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([7, 20, 3], tokenizer.Pieces("ab c").Select(p => p.Id));
        Assert.Equal((21, 3), (tokenizer.VocabularySize, tokenizer.UnknownId));
    }

    [Fact]
    public void A_piece_with_two_lines_has_the_last_ones_id_and_that_is_said()
    {
        using var files = TokenizerFiles.Bert(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hi", "ho", "hi"]);
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([6, 5], tokenizer.Pieces("hi ho").Select(p => p.Id));
        Assert.Contains("'hi' (lines 5 and 7)", Assert.Single(tokenizer.Notices));
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"additional_special_tokens": ["[E1]", "[/E1]", "[absent]"]}""")]
    [InlineData("special_tokens_map.json", """{"additional_special_tokens": [{"content": "[E1]", "lstrip": false}, {"__type": "AddedToken", "content": "[/E1]"}], "cls_token": {"__type": "AddedToken", "content": "[CLS]"}}""")]
    public void Additional_special_tokens_of_the_vocabulary_are_taken_whole(string name, string content)
    {
        using var files = new TokenizerFiles(("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[E1]\n[/E1]\nhi"u8.ToArray()), (name, Encoding.UTF8.GetBytes(content)));
        Assert.Equal([4, 6, 5], TextTokenizer.Load(files.Path).Pieces("[E1] hi [/E1]").Select(p => p.Id));
    }

    [Fact]
    public void Without_basic_tokenization_words_are_separated_by_blanks()
    {
        using var files = TokenizerFiles.Bert(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "New-York,", "new", "東京", "東"], """{"do_basic_tokenize": false}""");
        Assert.Equal([4, 6], TextTokenizer.Load(files.Path).Pieces("New-York, 東京").Select(p => p.Id));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'[', 0, (byte)'P', 0 }, "UTF-16")]
    [InlineData(new byte[] { (byte)'a', (byte)'\n', 0xC4, 0xE3, (byte)'\n' }, "line 2")]
    public void A_vocabulary_in_another_encoding_is_named(byte[] content, string expected)
    {
        using var files = TokenizerFiles.Bert(content);
        string message = Assert.Throws<InvalidDataException>(() => TextTokenizer.Load(files.Path)).Message;
        Assert.Contains(expected, message);
        Assert.Contains("vocab.txt", message);
    }

    public void Dispose() => _backbone.Dispose();

    private List<string> Warnings()
    {
        var ml = new MLContext(seed: 1);
        var warnings = new List<string>();
        ml.Log += (_, line) =>
        {
            // With so few rows all may be predicted as one class, which has a warning of its own.
            if (line.Kind == ChannelMessageKind.Warning && !line.RawMessage.StartsWith("Epoch ")) warnings.Add(line.RawMessage);
        };
        var options = new TextClassificationOptions(_backbone.Path) { Method = new DeepPrompt { Length = 2 }, Epochs = 1 };
        using var model = Reviews.Pipeline(ml, options).Fit(ml.Data.LoadFromEnumerable(Reviews.Rows(8)));
        return warnings;
    }
}
