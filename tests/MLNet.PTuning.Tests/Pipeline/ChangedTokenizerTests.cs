// A saved model and its backbone's folder, some of whose text files have changed since: what gives texts other ids is refused, what does not is no matter.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ChangedTokenizerTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Review> _rows = Reviews.Rows(12);
    private readonly TransformerChain<PTuningClassificationTransformer> _trained;
    private readonly float[] _scores;

    public ChangedTokenizerTests()
    {
        File.WriteAllText(_backbone.At("config.json"), File.ReadAllText(_backbone.At("config.json")).Replace(",", ",\n"));
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        var data = _ml.Data.LoadFromEnumerable(_rows);
        _trained = Reviews.Pipeline(_ml, options).Fit(data);
        _ml.Model.Save(_trained, data.Schema, _folder.At("model.zip"));
        _scores = Reviews.Scores(_trained, _rows);
        // While a model holds the backbone, its tokenizer is in memory as it was.
        _trained.Dispose();
    }

    // As a vocabulary that was saved anew without its empty lines: every id behind them is another piece's.
    [Theory]
    [InlineData("vocab.txt", "good", "bad")]
    [InlineData("vocab.txt", "the\n", "")]
    public void Another_vocabulary_is_refused(string file, string from, string to)
    {
        File.WriteAllText(_backbone.At(file), File.ReadAllText(_backbone.At(file)).Replace(from, "\u0001").Replace(to.Length > 0 ? to : "\u0002", from).Replace("\u0001", to));
        Refused();
    }

    [Theory]
    [InlineData("""{"do_lower_case": false}""")]
    [InlineData("""{"strip_accents": false}""")]
    [InlineData("""{"tokenize_chinese_chars": false}""")]
    [InlineData("""{"additional_special_tokens": ["film"]}""")]
    public void Other_rules_are_refused(string config)
    {
        File.WriteAllText(_backbone.At("tokenizer_config.json"), config);
        Refused();
    }

    [Fact]
    public void A_transformer_that_is_used_again_is_refused_too()
    {
        File.WriteAllText(_backbone.At("tokenizer_config.json"), """{"do_lower_case": false}""");
        Assert.Contains(_backbone.Path, Assert.Throws<IOException>(() => Reviews.Scores(_trained, _rows)).Message);
    }

    // README tells apps to look at the base exception, for ML.NET wraps what goes wrong in loading.
    [Theory]
    [InlineData("vocab.txt", new byte[] { (byte)'a', 0xff, (byte)'\n' })]
    [InlineData("tokenizer_config.json", new[] { (byte)'{' })]
    [InlineData("tokenizer.json", new[] { (byte)'{', (byte)'"', (byte)'\\', (byte)'u', (byte)'D', (byte)'8', (byte)'0', (byte)'0', (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    public void A_file_that_cannot_be_read_is_named_by_the_base_exception(string file, byte[] content)
    {
        File.WriteAllBytes(_backbone.At(file), content);
        var error = Assert.ThrowsAny<Exception>(() => _ml.Model.Load(_folder.At("model.zip"), out _)).GetBaseException();
        Assert.Contains(_backbone.At(file), error.Message);
        Assert.IsType<InvalidDataException>(error);
    }

    // As Git writes text files on Windows, and as a later version of Hugging Face's library describes the same tokenizer.
    [Fact]
    public void Line_ends_and_further_settings_do_not_matter()
    {
        foreach (string name in (string[])["vocab.txt", "config.json"])
            File.WriteAllText(_backbone.At(name), File.ReadAllText(_backbone.At(name)).Replace("\n", "\r\n"));
        File.WriteAllText(_backbone.At("tokenizer_config.json"), """{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "padding_side": "right"}""");
        Assert.Equal(_scores, Reviews.Scores(_ml.Model.Load(_folder.At("model.zip"), out _), _rows));
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    private void Refused()
    {
        string message = Assert.ThrowsAny<Exception>(() => _ml.Model.Load(_folder.At("model.zip"), out _)).GetBaseException().Message;
        Assert.Contains(_backbone.Path, message);
        Assert.Contains("tokenizer", message);
    }
}
