// Where a loaded model finds its backbone: by content, at the recorded path or in the app's search folders.
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
            // A model's folder in Hugging Face's cache has its files in a snapshot.
            if (!File.Exists(Path.Combine(folder, "config.json")) && !Directory.Exists(Path.Combine(folder, "snapshots"))) continue;
            string found;
            try { found = new ModelFolder(folder).ContentHash; }
            // A damaged folder beside the right one is no reason to give up.
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException) { found = e.Message; }
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
