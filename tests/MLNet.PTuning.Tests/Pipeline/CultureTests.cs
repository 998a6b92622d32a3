// Where the current culture writes decimals with a comma, messages still name values as files and C# have them.
using System.Globalization;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class CultureTests : IDisposable
{
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;

    public CultureTests() => CultureInfo.CurrentCulture = new CultureInfo("de-DE");

    [Theory]
    [InlineData("hidden_dropout_prob", 1.5)]
    [InlineData("layer_norm_eps", 2.5)]
    [InlineData("num_hidden_layers", 1.5)]
    public void A_number_of_the_configuration_is_named_as_it_stands_there(string field, double value)
    {
        using var backbone = new TinyBackbone();
        backbone.SetConfig(field, value);
        string message = Assert.Throws<InvalidDataException>(() => FrozenBackbone.Use(backbone.Path, torch.CPU)).Message;
        Assert.Contains(value.ToString(CultureInfo.InvariantCulture), message);
    }

    [Fact]
    public void A_searchs_setting_is_written_as_in_code() => Assert.Contains("Rate 0.005, Dropout 0.1", new PromptSetting(8, 0.005, 0.1, false, 1).ToString());

    public void Dispose() => CultureInfo.CurrentCulture = _before;
}
