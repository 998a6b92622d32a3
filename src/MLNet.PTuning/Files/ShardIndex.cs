// The index of a model whose weights are spread over several files: which tensor lies in which of them.
using System.Text.Json;

namespace MLNet.PTuning.Files;

internal sealed class ShardIndex
{
    private const int MaxLength = 1 << 24;
    private readonly string _path;
    private readonly Dictionary<string, string> _fileOf = [];

    /// <exception cref="InvalidDataException">The index is damaged, or names a file outside its folder.</exception>
    public ShardIndex(string path)
    {
        _path = path;
        using JsonDocument document = JsonFile.ReadObject(path, MaxLength);
        if (!document.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            throw new InvalidDataException($"{path} has no object 'weight_map' that says where each tensor lies; download it again.");
        foreach (JsonProperty property in map.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String || !ModelFolder.IsPlainName(property.Value.GetString()!))
            {
                throw new InvalidDataException($"{path}: the file of tensor '{property.Name}', {property.Value.GetRawText()}, is not the "
                    + "name of a file of the same folder. Do not use this model, or correct the index.");
            }
            if (!_fileOf.TryAdd(property.Name, property.Value.GetString()!))
                throw new InvalidDataException($"{path} names the tensor '{property.Name}' twice; download it again.");
        }
    }

    /// <summary>Names of the files that hold the tensors, sorted.</summary>
    public IReadOnlyList<string> Files => [.. _fileOf.Values.Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Opens every file and takes from each the tensors that the index says it holds.</summary>
    public WeightFile Open()
    {
        var files = new Dictionary<string, WeightFile>();
        try
        {
            foreach (string name in Files)
                files.Add(name, WeightFile.OpenOne(Path.Combine(Path.GetDirectoryName(_path)!, name)));
            var entries = new Dictionary<string, TensorEntry>();
            foreach ((string tensor, string file) in _fileOf)
            {
                if (!files[file].Entries.TryGetValue(tensor, out TensorEntry? entry))
                {
                    throw new InvalidDataException(
                        $"{_path} says that the tensor '{tensor}' lies in {file}, which does not hold it; download both again.");
                }
                entries.Add(tensor, entry);
            }
            var metadata = files.Values.SelectMany(file => file.Metadata).DistinctBy(pair => pair.Key).ToDictionary();
            return new WeightFile(_path, files.Values, entries, metadata);
        }
        catch
        {
            foreach (WeightFile file in files.Values)
                file.Dispose();
            throw;
        }
    }
}
