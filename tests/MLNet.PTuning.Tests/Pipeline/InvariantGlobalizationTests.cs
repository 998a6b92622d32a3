// A process without Unicode's tables, as in many containers: what needs them is refused, for .NET would leave texts as they are.
using System.Text;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class InvariantGlobalizationTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("NFC")]
    [InlineData("NFD")]
    [InlineData("NFKC")]
    [InlineData("NFKD")]
    public void A_tokenizer_that_normalizes_is_refused(string form)
    {
        WriteTokenizer($$"""{"type": "{{form}}"}""");
        var (exitCode, _, error) = Predict();
        Assert.Equal(1, exitCode);
        Assert.Contains("InvariantGlobalization", error);
        Assert.Contains(form, error);
    }

    [Fact]
    public void A_tokenizer_that_lowers_case_alone_gives_what_it_gives_elsewhere()
    {
        WriteTokenizer("""{"type": "Lowercase"}""");
        var (exitCode, output, error) = Predict();
        Assert.True(exitCode == 0, error);
        Assert.Equal(output, OtherProcess.Run(_folder.At("model.zip"), ["É GOOD ÀÉ day"]).Output);
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    private (int ExitCode, string Output, string Error) Predict()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Reviews.Rows(8));
        using var model = Reviews.Pipeline(ml, options).Fit(data);
        ml.Model.Save(model, data.Schema, _folder.At("model.zip"));
        return OtherProcess.Run(_folder.At("model.zip"), ["É GOOD ÀÉ day"], start => start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1");
    }

    private void WriteTokenizer(string normalizer) => File.WriteAllText(_backbone.At("tokenizer.json"), $$"""
        {"normalizer": {{normalizer}}, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": { {{string.Join(", ", TinyBackbone.Vocabulary.Select((piece, id) => $"\"{piece}\": {id}"))}} } } }
        """, new UTF8Encoding(false));
}
