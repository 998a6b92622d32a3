// A folder for one test's files, deleted at its end.
using System.Text.Json.Nodes;

namespace MLNet.PTuning.Tests.Files;

internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mlnet-ptuning-").FullName;

    public string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    /// <summary>Changes one field of a JSON file; null removes it.</summary>
    public void SetField(string name, string field, JsonNode? value)
    {
        var json = JsonNode.Parse(File.ReadAllText(At(name)))!.AsObject();
        json.Remove(field);
        if (value is not null) json[field] = value;
        File.WriteAllText(At(name), json.ToJsonString());
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
