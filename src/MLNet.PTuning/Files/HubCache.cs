// Hugging Face's download cache: a model is a folder models--org--name with a snapshot of every revision, its files links to blobs.
namespace MLNet.PTuning.Files;

internal static class HubCache
{
    private const string ModelPrefix = "models--";

    /// <summary>The folder that holds a model's files: <paramref name="folder"/>, or, where that is a model's folder in the cache, its snapshot
    /// of the branch main, or the only one.</summary>
    /// <exception cref="FileNotFoundException">There are several snapshots and none is main's, or it is the folder above the models.</exception>
    public static string Resolve(string folder)
    {
        string snapshots = Path.Combine(folder, "snapshots"), main = Path.Combine(folder, "refs", "main");
        if (File.Exists(Path.Combine(folder, "config.json"))) return folder;
        if (Directory.Exists(snapshots))
        {
            string revision = File.Exists(main) ? File.ReadAllText(main).Trim() : "";
            string[] all = [.. Names(snapshots)];
            string? taken = all.Contains(revision) ? revision : all is [string only] ? only : null;
            return taken is not null ? Path.Combine(snapshots, taken) : throw new FileNotFoundException(
                $"{folder} is a model's folder in Hugging Face's cache, with {(all.Length == 0 ? "no snapshot" : $"the snapshots {string.Join(", ", all)}")} "
                + "and none of them main's; " + (all.Length == 0 ? "download the model again." : "give the folder of one of them."));
        }
        string[] models = [.. Names(folder).Where(name => name.StartsWith(ModelPrefix, StringComparison.Ordinal))];
        return models.Length == 0 ? folder : throw new FileNotFoundException(
            $"{folder} is Hugging Face's cache, with the models {string.Join(", ", models)}; give the folder of one of them.");
    }

    private static IEnumerable<string> Names(string folder) => Directory.EnumerateDirectories(folder).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal);
}
