// Where a loaded model finds its backbone: by content, at the recorded path or in the app's search folders, or unpacked from the model file.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Pipeline;

/// <summary>Finds a backbone's folder by its content hash.</summary>
internal static class BackboneSearch
{
    /// <exception cref="FileNotFoundException">None of the places holds it.</exception>
    public static string Find(string recorded, string hash)
    {
        var seen = new List<string>();
        foreach (string folder in Candidates(recorded).Distinct())
        {
            if (!Directory.Exists(folder) || !File.Exists(Path.Combine(folder, "config.json"))) continue;
            string found;
            try { found = new ModelFolder(folder).ContentHash; }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException) { found = e.Message; }
            if (found == hash) return folder;
            seen.Add(folder);
        }
        throw new FileNotFoundException($"The model's backbone (content hash {hash}) is not at {recorded}"
            + (Backbone.SearchFolders.Count > 0 ? $", nor in the search folders {string.Join(", ", Backbone.SearchFolders)}" : "")
            + (seen.Count > 0 ? $"; {string.Join(", ", seen)} {(seen.Count == 1 ? "holds" : "hold")} a different one" : "")
            + ". Put it back, add the folder that holds it to Backbone.SearchFolders, or save the model with EmbedBackbone.");
    }

    private static IEnumerable<string> Candidates(string recorded)
    {
        yield return recorded;
        foreach (string folder in Backbone.SearchFolders)
        {
            yield return folder;
            if (!Directory.Exists(folder)) continue;
            foreach (string sub in Directory.EnumerateDirectories(folder)) yield return sub;
        }
    }
}

/// <summary>Unpacks a backbone that a model file brought along, once for each content, into a folder named after its hash.</summary>
internal static class EmbeddedBackbone
{
    public static string Extract(IReadOnlyList<string> files, string hash, string temporaryFolder, Func<string, Action<Stream>, bool> open)
    {
        // Names come from a file, so nothing in them may lead out of the folder.
        if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigitLower)) throw new InvalidDataException($"The model file names its backbone '{hash}', which is no content hash; it is damaged.");
        if (files.FirstOrDefault(name => !ModelFolder.IsPlainName(name)) is { } bad)
            throw new InvalidDataException($"The model file embeds a file called '{bad}', which is no plain name; it is damaged.");
        string folder = Path.Combine(temporaryFolder, "MLNet.PTuning", hash);
        if (Directory.Exists(folder) && new ModelFolder(folder).ContentHash == hash) return folder;
        string beside = folder + "." + Guid.NewGuid().ToString("N");
        Directory.CreateDirectory(beside);
        try
        {
            foreach (string name in files)
                open(name, stream =>
                {
                    using var file = File.Create(Path.Combine(beside, name));
                    stream.CopyTo(file);
                });
            if (new ModelFolder(beside).ContentHash != hash)
                throw new InvalidDataException($"The backbone embedded in the model file does not match its content hash {hash}; the file is damaged.");
            try { Directory.Move(beside, folder); }
            catch (IOException) when (Directory.Exists(folder)) { }
            return folder;
        }
        finally
        {
            if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        }
    }
}
