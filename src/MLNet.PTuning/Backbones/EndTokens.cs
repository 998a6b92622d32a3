// The tokens that end what a decoder writes, as its folder names them.
using System.Text.Json;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Backbones;

internal static class EndTokens
{
    private const string Field = "eos_token_id", GenerationConfig = "generation_config.json";

    /// <summary>eos_token_id, a number or a list of numbers, of generation_config.json or else of config.json; none where neither names one.</summary>
    /// <exception cref="InvalidDataException">It is of another kind, or an id beyond the word embeddings.</exception>
    public static IReadOnlyList<int> Of(ModelFolder folder, int vocabulary)
    {
        string path = folder.PathOf(GenerationConfig);
        if (File.Exists(path))
        {
            using var document = JsonFile.ReadObject(path, 1 << 20);
            if (Read(document.RootElement, path, vocabulary) is { Length: > 0 } ends) return ends;
        }
        return Read(folder.Config, folder.PathOf("config.json"), vocabulary);
    }

    private static int[] Read(JsonElement json, string source, int vocabulary)
    {
        if (!json.TryGetProperty(Field, out var value) || value.ValueKind == JsonValueKind.Null) return [];
        JsonElement[] all = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return Array.ConvertAll(all, id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out int number) && number >= 0 && number < vocabulary
            ? number
            : throw new InvalidDataException($"{source}: {Field} is {id.GetRawText()}; it must be an id of the word embeddings' {vocabulary} rows, or a list of such ids."));
    }
}
