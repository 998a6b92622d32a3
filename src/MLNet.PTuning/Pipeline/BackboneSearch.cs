// Where a loaded model finds its backbone: by content, at the path that it recorded or under that name near the model file and the app, or in the app's search folders.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Pipeline;

/// <summary>Finds a backbone's folder by its content hash.</summary>
internal static class BackboneSearch
{
    private static readonly EnumerationOptions Direct = new() { IgnoreInaccessible = true };

    /// <summary>A backbone's folder as a model file records it: as the app named it, with slashes that every system reads.</summary>
    public static string Recorded(string folder) => Path.IsPathRooted(folder) ? folder : folder.Replace(Path.DirectorySeparatorChar, '/');

    /// <summary>The backbone's folder.</summary>
    /// <param name="recorded">The path that <see cref="Recorded"/> returned.</param>
    /// <param name="hash">Content hash of the backbone that the model was trained on.</param>
    /// <param name="modelFile">The model file, where its path is known.</param>
    /// <param name="only">Folders in which alone, and in whose direct subfolders, it may be, whatever path is recorded; null for all that a saved model looks in.</param>
    /// <exception cref="FileNotFoundException">None of the folders holds it; the message names them.</exception>
    public static string Find(string recorded, string hash, string? modelFile, IReadOnlyList<string>? only = null)
    {
        string[] near = only is null ? [.. Near(recorded, modelFile).Distinct()] : [], search = [.. only ?? Backbone.SearchFolders];
        var others = new List<string>();
        foreach (string folder in near.Concat(search.SelectMany(WithSubfolders)).Distinct())
        {
            // A model's folder in Hugging Face's cache has its files in a snapshot.
            if (!File.Exists(Path.Combine(folder, "config.json")) && !Directory.Exists(Path.Combine(folder, "snapshots"))) continue;
            string found;
            try { found = new ModelFolder(folder).ContentHash; }
            // A damaged folder does not end the search: another one may be right.
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException) { found = e.Message; }
            if (found == hash) return folder;
            others.Add(folder);
        }
        if (only is not null)
            throw new FileNotFoundException($"The model's backbone '{recorded}' (content hash {hash}) is not in the folders where backbones may be ({(search.Length > 0 ? string.Join(", ", search) : "there are none")}), nor in their subfolders. Put it there.");
        throw new FileNotFoundException($"The model's backbone '{recorded}' (content hash {hash}) was not found. Looked for: {string.Join(", ", near)}"
            + (search.Length > 0 ? $"; in the search folders {string.Join(", ", search)} and their subfolders" : "")
            + (others.Count > 0 ? $". A different backbone is in {string.Join(", ", others)}" : "")
            + ". Put it at one of these paths, add the folder that holds it to Backbone.SearchFolders, or train with EmbedBackbone, so that the model file contains it.");
    }

    // The recorded path itself where it is absolute; else that path, and in any case a folder of the same name, under each folder where an app keeps its files.
    private static IEnumerable<string> Near(string recorded, string? modelFile)
    {
        string name = recorded.TrimEnd('/', '\\');
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        string?[] roots = [Path.GetDirectoryName(modelFile), Environment.CurrentDirectory, AppContext.BaseDirectory];
        foreach (string path in new[] { recorded, name })
            foreach (string root in roots.OfType<string>())
                if (path.Length > 0) yield return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, root));
    }

    private static IEnumerable<string> WithSubfolders(string folder) => Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, "*", Direct).Prepend(folder) : [];
}
