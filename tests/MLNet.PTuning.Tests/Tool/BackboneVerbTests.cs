// backbone list, check and convert.
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool;

namespace MLNet.PTuning.Tests.Tool;

public sealed class BackboneVerbTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Fact]
    public void The_list_has_usable_folders_and_says_why_others_are_not()
    {
        Directory.Move(_backbone.Path, _folder.At("good"));
        Directory.CreateDirectory(_folder.At("bad"));
        File.WriteAllText(_folder.At("bad/config.json"), "{\"model_type\": \"t5\"}");
        var list = CommandLine.Run("backbone", "list", _folder.Path, "--json").Json;
        Assert.Equal([_folder.At("good")], list.GetProperty("backbones").EnumerateArray().Select(b => b.GetProperty("folder").GetString()));
        Assert.Contains("t5", Assert.Single(list.GetProperty("notUsable").EnumerateArray()).GetProperty("why").GetString());
        Directory.CreateDirectory(_backbone.Path);
    }

    [Fact]
    public void Checking_loads_the_folder()
    {
        Assert.Contains("a bert that can be trained on", CommandLine.Run("backbone", "check", _backbone.Path).Output);
        _backbone.ChangeWeights(tensor => tensor.Name.EndsWith("layer.1.output.dense.bias") ? null : tensor);
        var run = CommandLine.Run("backbone", "check", _backbone.Path);
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains("encoder.layer.1.output.dense.bias", Assert.Single(run.Error.TrimEnd().Split('\n')));
    }

    [Fact]
    public void A_converted_ONNX_model_has_the_weights_of_the_original()
    {
        using var other = new TinyBackbone();
        _backbone.ToOnnx();
        var run = CommandLine.Run("backbone", "convert", _backbone.Path, "-o", _folder.At("converted"));
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(["config.json", "model.safetensors", "vocab.txt"], Directory.GetFiles(_folder.At("converted")).Select(Path.GetFileName).Order());
        Assert.Equal(RealWeights(other.At("model.safetensors")), RealWeights(_folder.At("converted/model.safetensors")));
        Assert.Equal(ExitCodes.BadInput, CommandLine.Run("backbone", "convert", _backbone.Path, "-o", _folder.At("converted")).ExitCode);
    }

    [Fact]
    public void All_tensors_of_a_model_that_is_no_graph_are_kept()
    {
        _backbone.AddWeights([("cls.predictions.bias", [TinyBackbone.Vocabulary.Length])], i => i);
        Assert.Equal(0, CommandLine.Run("backbone", "convert", _backbone.Path, "-o", _folder.At("converted")).ExitCode);
        Assert.Equal(RealWeights(_backbone.At("model.safetensors")), RealWeights(_folder.At("converted/model.safetensors")));
    }

    [Fact]
    public void What_is_no_backbone_is_said_in_a_sentence()
    {
        var run = CommandLine.Run("backbone", "check", _folder.Path);
        Assert.Equal(ExitCodes.BadInput, run.ExitCode);
        Assert.Contains("has no config.json", Assert.Single(run.Error.TrimEnd().Split('\n')));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private static IEnumerable<(string, float[])> RealWeights(string path)
    {
        using var file = MLNet.PTuning.Files.WeightFile.Open(path);
        return [.. file.Entries.Keys.Order(StringComparer.Ordinal).Select(name => (name.Replace("bert.", ""), file.ReadFloats(name)))];
    }
}
