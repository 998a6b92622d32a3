// When saving fails, the older model file stays whole and no temporary file is left.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class SaveSafelyTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Review> _rows = Reviews.Rows(8);

    [Fact]
    public void A_saved_file_loads()
    {
        using var model = Train();
        _ml.Model.SaveSafely(model, null, _folder.At("model.zip"));
        using var loaded = (IDisposable)_ml.Model.Load(_folder.At("model.zip"), out _);
        Assert.Equal(Reviews.Scores(model, _rows), Reviews.Scores((ITransformer)loaded, _rows));
        Assert.Equal([_folder.At("model.zip")], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_model_that_fails_half_way_leaves_the_older_file()
    {
        using var model = Train();
        _ml.Model.SaveSafely(model, null, _folder.At("model.zip"));
        byte[] older = File.ReadAllBytes(_folder.At("model.zip"));
        // The chain's first step is written before the embedded backbone is found to be missing.
        var options = Options();
        options.EmbedBackbone = true;
        using var second = Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(_rows));
        File.Delete(_backbone.At("vocab.txt"));
        File.Delete(_backbone.At("model.safetensors"));
        Assert.ThrowsAny<IOException>(() => _ml.Model.SaveSafely(second, null, _folder.At("model.zip")));
        Assert.Equal(older, File.ReadAllBytes(_folder.At("model.zip")));
        Assert.Equal([_folder.At("model.zip")], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("vocab.txt")]
    [InlineData("model.safetensors")]
    public void A_model_that_cannot_be_saved_is_refused_before_any_file_is_touched(string deleted)
    {
        var options = Options();
        options.EmbedBackbone = true;
        using var model = Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(_rows));
        File.Delete(_backbone.At(deleted));
        // Had it begun to write, it would have found that there is no such folder.
        Assert.Contains(_backbone.At(deleted), Assert.Throws<FileNotFoundException>(() => _ml.Model.SaveSafely(model, null, _folder.At("absent/model.zip"))).Message);
        Assert.Throws<FileNotFoundException>(() => _ml.Model.SaveSafely(model, null, _folder.At("model.zip")));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_disposed_model_is_saved_whole()
    {
        var model = Train();
        float[] scores = Reviews.Scores(model, _rows);
        model.Dispose();
        _ml.Model.Save(model, null, _folder.At("model.zip"));
        _ml.Model.SaveSafely(model, null, _folder.At("safely.zip"));
        foreach (string name in new[] { "model.zip", "safely.zip" })
            using (var loaded = (IDisposable)_ml.Model.Load(_folder.At(name), out _)) Assert.Equal(scores, Reviews.Scores((ITransformer)loaded, _rows));
    }

    [SmallDiskFact]
    public void A_full_disk_leaves_the_older_file()
    {
        using var disk = new SmallDisk(_folder.At("disk"), kilobytes: 64);
        using var model = Train();
        string path = Path.Combine(disk.Path, "model.zip");
        _ml.Model.SaveSafely(model, null, path);
        byte[] older = File.ReadAllBytes(path);
        // A head of 4000 classes takes 270 KB.
        var options = Options();
        options.Method = new DeepPrompt { Length = 20, InitialDeviation = 1 };
        var many = Enumerable.Range(0, 4000).Select(i => new Review { Text = "a day", Label = $"label {i}" }).ToList();
        options.BatchSize = 4000;
        using var large = Reviews.Train(options, many);
        Assert.ThrowsAny<IOException>(() => _ml.Model.SaveSafely(large, null, path));
        Assert.Equal(older, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(disk.Path));
        using var loaded = (IDisposable)_ml.Model.Load(path, out _);
        Assert.Equal(Reviews.Scores(model, _rows), Reviews.Scores((ITransformer)loaded, _rows));
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    private TextClassificationOptions Options()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        return options;
    }

    private PTuningClassificationTransformer Train() => Reviews.Train(Options(), _rows);
}
