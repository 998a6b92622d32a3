// Thousands of damaged copies of a backbone's, a prompt's and a model's files through the public entry points: each works or fails with an error made for it.
using System.IO.Compression;
using System.Reflection;
using System.Text;
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class DamagedFoldersTests : IDisposable
{
    private const string WordPieceJson = """
        {"version": "1.0", "truncation": null, "padding": null,
         "added_tokens": [{"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
         "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
         "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
         "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
         "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                   "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "good": 5, "bad": 6, "film": 7, "##s": 8, "a": 9, "the": 10, "was": 11}}}
        """;

    private const string UnigramJson = """
        {"version": "1.0", "added_tokens": [{"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
         "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
         "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": true},
         "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
           "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
           "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}},
         "model": {"type": "Unigram", "unk_id": 3, "vocab": [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["\u2581good", -3.5], ["\u2581", -2.0], ["film", -4.25], ["b", -5.0], ["a", -5.5], ["d", -6.0], ["s", -6.5], ["\u2581the", -3.0]]}}
        """;

    private const string BytePairJson = """
        {"version": "1.0", "added_tokens": [{"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
         "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
         "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": true, "add_prefix_space": false},
         "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": false,
                   "vocab": {"<s>": 0, "<pad>": 1, "</s>": 2, "g": 3, "o": 4, "d": 5, "oo": 6, "goo": 7, "good": 8, "\u0120": 9, "b": 10, "a": 11},
                   "merges": ["o o", "g oo", "goo d"]}}
        """;

    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Theory]
    [InlineData("bert")]
    [InlineData("deberta-v2")]
    [InlineData("albert")]
    public void Damaged_configurations_of_a_backbone(string model)
    {
        string folder = _backbone.Path;
        if (model != "bert")
        {
            folder = _folder.Path;
            foreach (string file in Directory.GetFiles(Shared.Fixture("families", model))) File.Copy(file, _folder.At(Path.GetFileName(file)));
            File.WriteAllText(_folder.At("vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary.Concat(Enumerable.Range(TinyBackbone.Vocabulary.Length, 200 - TinyBackbone.Vocabulary.Length).Select(i => $"w{i}"))));
        }
        string path = Path.Combine(folder, "config.json");
        Mutations.AllLoadOrFailCleanly(model, File.ReadAllBytes(path), 1000, bytes => Typed(() =>
        {
            File.WriteAllBytes(path, bytes);
            Run(folder);
        }));
    }

    [Theory]
    [InlineData(nameof(WordPieceJson), WordPieceJson)]
    [InlineData(nameof(UnigramJson), UnigramJson)]
    [InlineData(nameof(BytePairJson), BytePairJson)]
    public void Damaged_tokenizer_files_of_a_backbone(string name, string json)
    {
        string path = _backbone.At("tokenizer.json");
        Mutations.AllLoadOrFailCleanly(name, Encoding.UTF8.GetBytes(json), 1000, bytes => Typed(() =>
        {
            File.WriteAllBytes(path, bytes);
            Run(_backbone.Path);
        }));
    }

    [Fact]
    public void Damaged_ONNX_models_of_a_backbone()
    {
        _backbone.ToOnnx();
        Mutations.AllLoadOrFailCleanly("model.onnx", File.ReadAllBytes(_backbone.At("model.onnx")), 500, bytes => Typed(() =>
        {
            File.WriteAllBytes(_backbone.At("model.onnx"), bytes);
            Run(_backbone.Path);
        }));
    }

    [Theory]
    [InlineData("adapter_config.json")]
    [InlineData("adapter_model.safetensors")]
    public void Damaged_PEFT_folders(string name)
    {
        var rows = Reviews.Rows(2);
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        using var trained = Reviews.Train(options, Reviews.Rows(8));
        PeftFolder.Save(trained, _folder.Path);
        var ml = new MLContext(seed: 1);
        Mutations.AllLoadOrFailCleanly(name, File.ReadAllBytes(_folder.At(name)), 800, bytes => Typed(() =>
        {
            _folder.Write(name, bytes);
            using var loaded = ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path, trained.ClassNames).Model;
            Assert.Equal(4, Reviews.Scores(loaded, rows).Length);
        }));
    }

    [Fact]
    public void Damaged_model_files()
    {
        var rows = Reviews.Rows(2);
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        var ml = new MLContext(seed: 1) { TempFilePath = _folder.Path };
        var data = ml.Data.LoadFromEnumerable(Reviews.Rows(8));
        using var model = Reviews.Pipeline(ml, options).Fit(data);
        float[] scores = Reviews.Scores(model, rows);
        var file = new MemoryStream();
        ml.Model.Save(model, data.Schema, file);
        var theirs = Others(file.ToArray());
        Mutations.AllLoadOrFailCleanly("model.zip", file.ToArray(), 1500, bytes => Typed(() =>
        {
            // What ML.NET itself makes of its own damaged entries is not this library's to decide.
            if (!Others(bytes).SequenceEqual(theirs)) throw new InvalidDataException("ML.NET's own entries are damaged.");
            var loaded = ml.Model.Load(new MemoryStream(bytes), out _);
            using (loaded as IDisposable) Assert.Equal(scores, Reviews.Scores(loaded, rows));
        }));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    // Names and contents of the entries of a model file without those that this library wrote.
    private static List<string> Others(byte[] file)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        return [.. zip.Entries.Where(e => e.Name is not ("Settings" or "Seal" or "KeyValues" or "Weights")).Select(e =>
        {
            using var reader = new StreamReader(e.Open(), Encoding.Latin1, detectEncodingFromByteOrderMarks: false);
            return e.FullName + reader.ReadToEnd();
        })];
    }

    // Loads a backbone and computes a text.
    private static void Run(string folder)
    {
        using var lease = FrozenBackbone.Use(folder, torch.CPU);
        var backbone = lease.Backbone;
        int length = Math.Min(backbone.Encoder.MaxRowLength(0), 12);
        if (length < 3) return;
        var encoded = backbone.Tokenizer.Encode("a good film was bad", "the films", length);
        var rows = new PackedBatch(encoded.Ids, encoded.Types, [0, encoded.Ids.Length]);
        ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            backbone.Encoder.Forward(rows, [0], PromptState.None, null);
        });
    }

    // The errors for a damaged or unsupported file; ML.NET's own loader throws FormatException for its part of a model file.
    private static void Typed(Action load)
    {
        try
        {
            load();
        }
        catch (Exception e) when (Cause(e) is NotSupportedException or InvalidDataException or FileNotFoundException or FormatException or ArgumentException)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    // ML.NET makes transformers through reflection.
    private static Exception Cause(Exception e) => e is TargetInvocationException { InnerException: { } inner } ? Cause(inner) : e;
}
