// Weights spread over several files: found through their index, which may not lead out of its folder.
using System.Text;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class ShardIndexTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";
    private readonly TempFolder _folder = new();

    [Fact]
    public void Tensors_of_all_shards_are_read_as_of_one_file()
    {
        Fill("""{"metadata":{"total_size":12},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");
        var model = new ModelFolder(_folder.Path);
        Assert.Equal([Index, "one.safetensors", "two.safetensors"], model.WeightFiles);
        using WeightFile weights = model.OpenWeights();
        Assert.Equal([1f, 2f], weights.ReadFloats("a"));
        Assert.Equal([3f], weights.ReadFloats("b"));
        Assert.DoesNotContain("not in the index", weights.Entries.Keys);
    }

    [Fact]
    public void Shards_of_PyTorch_are_read_too()
    {
        using WeightFile weights = WeightFile.Open(Shared.Fixture("torch", "sharded", "pytorch_model.bin.index.json"));
        Assert.Equal([1f, 1, 1, 1], weights.ReadFloats("a.weight"));
        Assert.Equal([2f, 2, 2], weights.ReadFloats("b.weight"));
    }

    [Fact]
    public void What_each_shard_says_of_itself_is_joined()
    {
        Fill("""{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");
        SafetensorsWriter.Write(_folder.At("one.safetensors"), [new TensorData("a", [1], new float[1])], new Dictionary<string, string> { ["format"] = "pt", ["x"] = "a" });
        SafetensorsWriter.Write(_folder.At("two.safetensors"), [new TensorData("b", [1], new float[1])], new Dictionary<string, string> { ["format"] = "pt", ["y"] = "b" });
        using WeightFile weights = WeightFile.Open(_folder.At(Index));
        Assert.Equal(["format=pt", "x=a", "y=b"], weights.Metadata.Select(m => $"{m.Key}={m.Value}").Order());
    }

    [Fact]
    public void The_content_hash_covers_every_shard()
    {
        Fill("""{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");
        string before = new ModelFolder(_folder.Path).ContentHash;
        SafetensorsWriter.Write(_folder.At("two.safetensors"), [new TensorData("b", [1], new float[] { 4 })]);
        File.SetLastWriteTimeUtc(_folder.At("two.safetensors"), DateTime.UtcNow.AddSeconds(5));
        Assert.NotEqual(before, new ModelFolder(_folder.Path).ContentHash);
    }

    [Theory]
    [InlineData("../one.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\\\one.safetensors")]
    [InlineData("sub/one.safetensors")]
    [InlineData("C:one.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    public void A_shard_outside_the_folder_is_refused(string shard)
    {
        Fill("{\"weight_map\":{\"a\":\"" + shard + "\"}}");
        Assert.Contains("'a'", Assert.Throws<InvalidDataException>(() => new ModelFolder(_folder.Path).WeightFiles).Message);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"two.safetensors"}}""", "does not hold it")]
    [InlineData("""{"weight_map":{"a":"one.safetensors","a":"two.safetensors"}}""", "twice")]
    [InlineData("""{"weight_map":{"a":7}}""", "not the name of a file")]
    [InlineData("""{"weight_map":[]}""", "no object 'weight_map'")]
    [InlineData("""{}""", "no object 'weight_map'")]
    [InlineData("""[]""", "not a JSON object")]
    [InlineData("""{"weight_map":{""", "not valid JSON")]
    public void A_defect_of_the_index_is_named(string index, string expected)
    {
        Fill(index);
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => WeightFile.Open(_folder.At(Index))).Message);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        Fill("""{"weight_map":{"a":"three.safetensors"}}""");
        Assert.Contains("three.safetensors", Assert.Throws<FileNotFoundException>(() => WeightFile.Open(_folder.At(Index))).Message);
    }

    public void Dispose() => _folder.Dispose();

    private void Fill(string index)
    {
        _folder.Write("config.json", "{}"u8);
        _folder.Write(Index, Encoding.UTF8.GetBytes(index));
        SafetensorsWriter.Write(_folder.At("one.safetensors"), [new TensorData("a", [2], new float[] { 1, 2 }), new TensorData("not in the index", [1], new float[1])]);
        SafetensorsWriter.Write(_folder.At("two.safetensors"), [new TensorData("b", [1], new float[] { 3 })]);
    }
}
