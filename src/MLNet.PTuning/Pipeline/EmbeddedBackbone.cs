// A backbone that a model file brings along: unpacked once for each content, into a folder named after it.
using System.Security.Cryptography;
using System.Text;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Pipeline;

/// <summary>The files of a backbone inside a model file. Each is known by its SHA-256, so that what lies unpacked can be trusted or replaced.</summary>
internal static class EmbeddedBackbone
{
    /// <summary>Names of a backbone's files, each with its SHA-256 in lower-case hexadecimal digits.</summary>
    public static SortedDictionary<string, string> Describe(ModelFolder folder) =>
        new(folder.Files.ToDictionary(name => name, name => HashOf(folder.PathOf(name))), StringComparer.Ordinal);

    /// <summary>The folder under <paramref name="temporaryFolder"/> that holds the files, unpacked there where it does not yet.</summary>
    /// <param name="files">What <see cref="Describe"/> gave when the model was saved.</param>
    /// <param name="temporaryFolder">Where ML.NET keeps temporary files.</param>
    /// <param name="open">Hands a file of the model file to a reader, and tells whether there is one.</param>
    /// <exception cref="InvalidDataException">A file is missing, damaged, or of a name that leads out of the folder.</exception>
    public static string Extract(SortedDictionary<string, string> files, string temporaryFolder, Func<string, Action<Stream>, bool> open)
    {
        if (files.Keys.FirstOrDefault(name => !ModelFolder.IsModelFile(name)) is { } bad)
            throw new InvalidDataException($"The model file embeds a file called '{bad}', which is no plain name; it is damaged.");
        string content = string.Join('\n', files.Select(file => $"{file.Key} {file.Value}"));
        string folder = Path.Combine(temporaryFolder, "MLNet.PTuning", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content))));
        if (FaultIn(folder, files) is null) return folder;
        string beside = $"{folder}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(beside);
        try
        {
            foreach (string name in files.Keys)
                open(name, stream =>
                {
                    string path = Path.Combine(beside, name);
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                    using var file = File.Create(path);
                    stream.CopyTo(file);
                });
            if (FaultIn(beside, files) is { } fault)
                throw new InvalidDataException($"The backbone's {fault} in the model file is missing or does not match its checksum; the file is damaged.");
            // What stands in the way is damaged, unless another process has just been faster.
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            try { Directory.Move(beside, folder); }
            catch (IOException) when (FaultIn(folder, files) is null) { }
            return folder;
        }
        finally
        {
            if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        }
    }

    // The first file that is missing or damaged.
    private static string? FaultIn(string folder, SortedDictionary<string, string> files) => files.FirstOrDefault(file =>
        Path.Combine(folder, file.Key) is var path && (!File.Exists(path) || HashOf(path) != file.Value)).Key;

    private static string HashOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
