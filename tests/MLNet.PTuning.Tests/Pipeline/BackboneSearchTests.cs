// A saved model finds its backbone by content: where it was, or in the app's search folders; if it is missing or another one is there, the error says what to do.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

[Collection(AloneCollection.Name)]
public sealed class BackboneSearchTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Review> _rows = Reviews.Rows(8);
    private readonly float[] _scores;
    private readonly string _hash;

    public BackboneSearchTests()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        using var model = Reviews.Train(options, _rows);
        _scores = Reviews.Scores(model, _rows);
        _ml.Model.Save(model, null, ModelPath);
        using var lease = FrozenBackbone.Use(_backbone.Path, TorchSharp.torch.CPU);
        _hash = lease.Backbone.ContentHash;
    }

    private string ModelPath => _folder.At("model.zip");

    [Fact]
    public void A_missing_backbone_is_named_with_its_hash_and_what_to_do()
    {
        MoveBackbone("elsewhere");
        Mentions(Assert.IsType<FileNotFoundException>(LoadErrors.Of(Load)), _hash, _backbone.Path, "SearchFolders", "EmbedBackbone");
    }

    [Fact]
    public void Another_backbone_at_its_path_is_not_used()
    {
        MoveBackbone("elsewhere");
        using var other = new TinyBackbone(seed: 2);
        Directory.Move(other.Path, _backbone.Path);
        Mentions(Assert.IsType<FileNotFoundException>(LoadErrors.Of(Load)), _hash, _backbone.Path, "different");
        Directory.CreateDirectory(other.Path);
    }

    [Fact]
    public void A_backbone_whose_weights_changed_is_not_used()
    {
        byte[] bytes = File.ReadAllBytes(_backbone.At("model.safetensors"));
        bytes[^1] ^= 1;
        File.WriteAllBytes(_backbone.At("model.safetensors"), bytes);
        File.SetLastWriteTimeUtc(_backbone.At("model.safetensors"), DateTime.UtcNow.AddMinutes(1));
        Mentions(Assert.IsType<FileNotFoundException>(LoadErrors.Of(Load)), _hash, "different");
    }

    [Fact]
    public void A_search_folder_is_the_backbone_itself_or_holds_it_under_any_name()
    {
        string moved = MoveBackbone(Path.Combine("models", "renamed"));
        // Damaged folders next to it and absent ones do not matter.
        Directory.CreateDirectory(_folder.At("models/a-damaged-one"));
        File.WriteAllText(_folder.At("models/a-damaged-one/config.json"), "{");
        Directory.CreateDirectory(_folder.At("models/an-empty-one"));
        foreach (string folder in new[] { _folder.At("models"), moved })
        {
            Backbone.SearchFolders = [_folder.At("absent"), folder];
            Load();
            Backbone.SearchFolders = [];
        }
        Assert.IsType<FileNotFoundException>(LoadErrors.Of(Load));
    }

    [Fact]
    public void Search_folders_that_do_not_hold_it_are_named()
    {
        MoveBackbone("elsewhere");
        Directory.CreateDirectory(_folder.At("models"));
        Backbone.SearchFolders = [_folder.At("models")];
        Mentions(Assert.IsType<FileNotFoundException>(LoadErrors.Of(Load)), _folder.At("models"), _hash);
    }

    public void Dispose()
    {
        Backbone.SearchFolders = [];
        if (!Directory.Exists(_backbone.Path)) Directory.CreateDirectory(_backbone.Path);
        _backbone.Dispose();
        _folder.Dispose();
    }

    private string MoveBackbone(string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.At(to))!);
        Directory.Move(_backbone.Path, _folder.At(to));
        return _folder.At(to);
    }

    private void Load()
    {
        var model = _ml.Model.Load(ModelPath, out _);
        using ((IDisposable)model) Assert.Equal(_scores, Reviews.Scores(model, _rows));
    }

    private static void Mentions(Exception error, params string[] named) => Assert.All(named, n => Assert.Contains(n, error.Message));
}
