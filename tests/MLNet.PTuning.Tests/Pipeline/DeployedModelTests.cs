// A model file and its backbone that were moved to another folder or machine are found from wherever the app is started, and where they are not, all searched folders are named.
using System.IO.Compression;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class DeployedModelTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _log = [];
    private readonly List<Review> _rows = Reviews.Rows(8);
    private readonly string _models = $"models-{Guid.NewGuid():N}";
    private readonly string[] _texts;
    private readonly PTuningClassificationTransformer _trained;
    private readonly string[] _expected;

    // The training app's current folder holds models/tiny.
    public DeployedModelTests()
    {
        _ml.Log += (_, e) => _log.Add($"{e.Kind}: {e.Message}");
        _texts = [.. _rows.Select(r => r.Text!)];
        Directory.CreateDirectory(_models);
        Directory.CreateDirectory(Recorded);
        foreach (string file in Directory.GetFiles(_backbone.Path)) File.Copy(file, Path.Combine(Recorded, Path.GetFileName(file)));
        _trained = Train(Recorded);
        _ml.Model.Save(_trained, null, ModelPath);
        _expected = [.. OtherProcess.Lines(Reviews.Predict(_trained, _rows).Select(p => p.Score))];
    }

    private string Recorded => Path.Combine(_models, "tiny");

    private string ModelPath => _folder.At("model.zip");

    [Fact]
    public void What_is_written_names_the_backbone_as_the_app_did()
    {
        using var zip = ZipFile.OpenRead(ModelPath);
        using var reader = new StreamReader(zip.Entries.Single(e => e.Name == "Settings").Open());
        string settings = reader.ReadToEnd();
        Assert.Contains($"\"{_models}/tiny\"", settings);
        Assert.DoesNotContain(Environment.CurrentDirectory, settings);
        PeftFolder.Save(_trained, _folder.At("adapter"));
        Assert.Equal($"{_models}/tiny", PeftFolder.Load(_folder.At("adapter")).BaseModel);
        Assert.Equal(Path.GetFullPath(Recorded), _trained.BackboneFolder);
    }

    [Theory]
    [InlineData("next to the model file")]
    [InlineData("under the current directory")]
    [InlineData("under the program's folder")]
    [InlineData("next to the model file, alone")]
    public void It_is_found(string where)
    {
        string home = Directory.CreateDirectory(_folder.At("home")).FullName;
        string program = Path.Combine(OtherProcess.ProgramFolder, _models);
        string to = where switch
        {
            "next to the model file" => _folder.At(Path.Combine(_models, "tiny")),
            "next to the model file, alone" => _folder.At("tiny"),
            "under the current directory" => Path.Combine(home, _models, "tiny"),
            _ => Path.Combine(program, "tiny"),
        };
        try
        {
            MoveTo(to);
            Assert.Equal(_expected, OtherProcess.Predict(ModelPath, _texts, start => start.WorkingDirectory = home));
        }
        finally
        {
            if (Directory.Exists(program)) Directory.Delete(program, recursive: true);
        }
    }

    [Fact]
    public void A_model_file_that_is_named_from_the_current_directory_has_its_backbone_next_to_it_too()
    {
        MoveTo(_folder.At(Path.Combine(_models, "tiny")));
        Assert.Equal(_expected, OtherProcess.Predict("model.zip", _texts, start => start.WorkingDirectory = _folder.Path));
        Assert.Equal(_expected, OtherProcess.Predict(Path.Combine("..", Path.GetFileName(_folder.Path), "model.zip"), _texts, start => start.WorkingDirectory = _folder.Path));
    }

    [Fact]
    public void A_backbone_that_was_named_by_an_absolute_path_is_found_by_its_folder_s_name()
    {
        using var trained = Train(Path.GetFullPath(Recorded));
        _ml.Model.Save(trained, null, _folder.At("absolute.zip"));
        MoveTo(_folder.At("tiny"));
        Assert.Equal(OtherProcess.Lines(Reviews.Predict(trained, _rows).Select(p => p.Score)), OtherProcess.Predict(_folder.At("absolute.zip"), _texts));
    }

    [Fact]
    public void A_loaded_model_that_is_saved_again_still_names_it_as_the_app_did()
    {
        MoveTo(_folder.At(Path.Combine(_models, "tiny")));
        var loaded = _ml.Model.Load(ModelPath, out _);
        using (loaded as IDisposable)
        {
            Assert.Equal(_folder.At(Path.Combine(_models, "tiny")), ((PTuningClassificationTransformer)loaded).BackboneFolder);
            _ml.Model.Save(loaded, null, _folder.At("again.zip"));
        }
        using var zip = ZipFile.OpenRead(_folder.At("again.zip"));
        using var reader = new StreamReader(zip.Entries.Single(e => e.Name == "Settings").Open());
        Assert.DoesNotContain(_folder.Path, reader.ReadToEnd());
    }

    [Fact]
    public void A_missing_backbone_is_an_error_that_names_all_searched_folders()
    {
        string other = Path.Combine(OtherProcess.ProgramFolder, _models);
        MoveTo(_folder.At("elsewhere"));
        var (exitCode, _, error) = OtherProcess.Run(ModelPath, _texts, start => start.WorkingDirectory = _backbone.Path);
        Assert.Equal(1, exitCode);
        Assert.All(new[] { _folder.Path, _backbone.Path, OtherProcess.ProgramFolder.TrimEnd('/', '\\') }, root =>
        {
            Assert.Contains(Path.Combine(root, _models, "tiny") + ",", error);
            Assert.Contains(Path.Combine(root, "tiny"), error);
        });
        Assert.Contains($"'{_models}/tiny'", error);
        Assert.Contains("Backbone.SearchFolders", error);
    }

    [Fact]
    public void Saving_says_that_the_backbone_is_not_in_the_file_and_how_large_it_is()
    {
        Assert.Contains(_log, line => line.StartsWith("Info") && line.Contains($"does not hold its backbone, '{_models}/tiny'") && line.Contains("EmbedBackbone") && line.Contains("0 MB"));
        var options = Reviews.Options(_backbone);
        (options.EmbedBackbone, options.Epochs) = (true, 1);
        using var trained = Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(_rows));
        _log.Clear();
        _ml.Model.Save(trained, null, _folder.At("embedded.zip"));
        Assert.DoesNotContain(_log, line => line.Contains("does not hold its backbone"));
    }

    public void Dispose()
    {
        _trained.Dispose();
        if (Directory.Exists(_models)) Directory.Delete(_models, recursive: true);
        _folder.Dispose();
        _backbone.Dispose();
    }

    private PTuningClassificationTransformer Train(string backboneFolder)
    {
        var options = new TextClassificationOptions(backboneFolder) { Method = new DeepPrompt { Length = 4 }, Epochs = 1, BatchSize = 8 };
        return Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(_rows)).LastTransformer;
    }

    // Folders of two disks are copied, since a move stays on one.
    private void MoveTo(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(Recorded)) File.Move(file, Path.Combine(folder, Path.GetFileName(file)));
        Directory.Delete(_models, recursive: true);
    }
}
