// A model folder: what it must hold, what it consists of, and its content hash.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class ModelFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_folder_gives_its_configuration_weights_and_files()
    {
        Fill();
        _folder.Write("vocab.txt", "[PAD]\n"u8);
        _folder.Write("training.log", "not part of the model"u8);
        var model = new ModelFolder(_folder.Path);
        Assert.Equal("bert", model.Config.GetProperty("model_type").GetString());
        Assert.Equal(["config.json", "model.safetensors", "vocab.txt"], model.Files);
        using WeightFile weights = model.OpenWeights();
        Assert.Equal([1f, 2f], weights.ReadFloats("x"));
    }

    [Fact]
    public void An_ONNX_model_counts_with_its_external_data_where_there_are_no_other_weights()
    {
        Fill();
        SaveOnnx("onnx/model.onnx");
        Assert.Equal(["model.safetensors"], new ModelFolder(_folder.Path).WeightFiles);
        File.Delete(_folder.At("model.safetensors"));
        var model = new ModelFolder(_folder.Path);
        Assert.Equal(["config.json", "onnx/model.onnx", "onnx/model.onnx_data"], model.Files);
        using (WeightFile weights = model.OpenWeights()) Assert.Equal([3f, 4], weights.ReadFloats("x"));
        string hash = model.ContentHash;
        byte[] data = File.ReadAllBytes(_folder.At("onnx/model.onnx_data"));
        data[0] ^= 1;
        _folder.Write("onnx/model.onnx_data", data);
        File.SetLastWriteTimeUtc(_folder.At("onnx/model.onnx_data"), DateTime.UtcNow.AddSeconds(5));
        Assert.NotEqual(hash, model.ContentHash);
        SaveOnnx("model.onnx");
        Assert.Equal(["model.onnx", "model.onnx_data"], new ModelFolder(_folder.Path).WeightFiles);
    }

    [Fact]
    public void A_folder_without_weights_is_told_which_files_would_do()
    {
        Fill();
        File.Delete(_folder.At("model.safetensors"));
        string message = Assert.Throws<FileNotFoundException>(() => new ModelFolder(_folder.Path).WeightFiles).Message;
        Assert.All(["model.safetensors", "pytorch_model.bin", "model.onnx", "onnx/model.onnx"], name => Assert.Contains(name, message));
    }

    [Fact]
    public void The_content_hash_is_the_same_for_the_same_content_elsewhere()
    {
        Fill();
        using var elsewhere = new TempFolder();
        foreach (string file in Directory.GetFiles(_folder.Path))
            File.Copy(file, elsewhere.At(Path.GetFileName(file)));
        elsewhere.Write("vocab.txt", "vocabularies do not count"u8);
        string hash = new ModelFolder(_folder.Path).ContentHash;
        Assert.Matches("^[0-9a-f]{64}$", hash);
        Assert.Equal(hash, new ModelFolder(elsewhere.Path).ContentHash);
    }

    [Theory]
    [InlineData("config.json", 3)]
    [InlineData("model.safetensors", -1)]
    public void The_content_hash_changes_with_any_byte(string name, int index)
    {
        Fill();
        var model = new ModelFolder(_folder.Path);
        string before = model.ContentHash;
        byte[] bytes = File.ReadAllBytes(_folder.At(name));
        bytes[index < 0 ? bytes.Length + index : index] ^= 1;
        _folder.Write(name, bytes);
        // The clock may not have moved on since the file was written.
        File.SetLastWriteTimeUtc(_folder.At(name), DateTime.UtcNow.AddSeconds(5));
        Assert.NotEqual(before, model.ContentHash);
    }

    [Fact]
    public void A_missing_folder_is_an_error_with_its_path() =>
        Assert.Contains(_folder.At("absent"), Assert.Throws<DirectoryNotFoundException>(() => new ModelFolder(_folder.At("absent"))).Message);

    [Fact]
    public void A_file_in_place_of_the_folder_is_an_error_that_says_so()
    {
        Fill();
        Assert.Contains("is a file", Assert.Throws<DirectoryNotFoundException>(() => new ModelFolder(_folder.At("config.json"))).Message);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    public void A_missing_file_is_named(string name)
    {
        Fill();
        File.Delete(_folder.At(name));
        Assert.Contains(name, Assert.Throws<FileNotFoundException>(() => new ModelFolder(_folder.Path).WeightFiles).Message);
    }

    [Theory]
    [InlineData("{\n  \"hidden_size\": 12", "line 2")]
    [InlineData("[1, 2]", "not a JSON object")]
    [InlineData("", "is empty")]
    public void A_configuration_that_is_no_JSON_object_is_an_error(string json, string expected)
    {
        Fill();
        File.WriteAllText(_folder.At("config.json"), json);
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => new ModelFolder(_folder.Path)).Message);
    }

    public void Dispose() => _folder.Dispose();

    private void SaveOnnx(string name)
    {
        var model = new OnnxModel { Elements = ElementForm.External };
        model.Initializer(model.Tensor("x", new TensorData("", [2], new float[] { 3, 4 }))).Save(_folder.At(name));
    }

    private void Fill()
    {
        _folder.Write("config.json", """{"model_type":"bert"}"""u8);
        SafetensorsWriter.Write(_folder.At("model.safetensors"), [new TensorData("x", [2], new float[] { 1, 2 })]);
    }
}
