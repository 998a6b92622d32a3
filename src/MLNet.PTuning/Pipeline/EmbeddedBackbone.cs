// A backbone inside a model file: unpacked once for each content, into a private folder of the user that is named by the content's hash.
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Pipeline;

/// <summary>The files of a backbone inside a model file. Each has its SHA-256, by which an unpacked file is verified, or replaced.</summary>
internal static class EmbeddedBackbone
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan LongestUnpacking = TimeSpan.FromDays(1);

    private static readonly Lazy<string> FolderOfThisProcess = new(() =>
    {
        string folder = Directory.CreateTempSubdirectory("mlnet-ptuning-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TryDelete(folder);
        return folder;
    });

    /// <summary>Names of a backbone's files, each with its SHA-256 in lower-case hexadecimal digits.</summary>
    public static SortedDictionary<string, string> Describe(ModelFolder folder) =>
        new(folder.Files.ToDictionary(name => name, name => HashOf(folder.PathOf(name))), StringComparer.Ordinal);

    /// <summary>
    /// The folders under which backbones are unpacked, the first that can be used: MLNet.PTuning in <c>MLContext.TempFilePath</c> where the app has set it, else
    /// MLNet.PTuning/backbones in the user's application-data folder; and a folder of this process, deleted when it exits.
    /// </summary>
    public static IEnumerable<string> Folders(IHostEnvironment environment)
    {
        if (MLNetInternals.ChosenTemporaryFolderOf(environment) is { } chosen) yield return Path.Combine(chosen, "MLNet.PTuning");
        else if (Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } own)
            yield return Path.Combine(own, "MLNet.PTuning", "backbones");
        yield return FolderOfThisProcess.Value;
    }

    /// <summary>The folder that holds the files, unpacked into one of <paramref name="roots"/> unless it is there already.</summary>
    /// <param name="files">The result of <see cref="Describe"/> when the model was saved.</param>
    /// <param name="roots">The folders to unpack under, in order of preference.</param>
    /// <param name="open">Hands a file of the model file to a reader, and returns whether there is one.</param>
    /// <exception cref="InvalidDataException">A file is missing, damaged, or of a name that leads out of the folder.</exception>
    /// <exception cref="IOException">None of the folders can be used; the message names them.</exception>
    public static string Extract(SortedDictionary<string, string> files, IEnumerable<string> roots, Func<string, Action<Stream>, bool> open)
    {
        if (files.Keys.FirstOrDefault(name => !ModelFolder.IsModelFile(name)) is { } bad)
            throw new InvalidDataException($"The model file embeds a file called '{bad}', which is no plain name; it is damaged.");
        string name = HashOf(files);
        var failures = new List<Exception>();
        var tried = new List<string>();
        foreach (string root in roots)
        {
            try
            {
                MakePrivate(root);
                string folder = Path.Combine(root, name);
                if (FaultIn(folder, files) is not null) Unpack(folder, files, open);
                return folder;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                tried.Add($"{root} ({e.Message})");
                failures.Add(e);
            }
        }
        throw new IOException($"The backbone in the model file cannot be unpacked into {string.Join(", nor into ", tried)}. Set MLContext.TempFilePath to a folder that this user may write to and that has room for it.", new AggregateException(failures));
    }

    /// <summary>What tells backbones of different files apart, in lower-case hexadecimal digits.</summary>
    public static string HashOf(SortedDictionary<string, string> files) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', files.Select(file => $"{file.Key} {file.Value}")))));

    // What was verified must not change before it is read, so no other user may write there. Only the owner of a folder may change its permissions.
    private static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }
        Directory.CreateDirectory(folder, OwnerOnly);
        if (File.GetUnixFileMode(folder) != OwnerOnly) File.SetUnixFileMode(folder, OwnerOnly);
    }

    private static void Unpack(string folder, SortedDictionary<string, string> files, Func<string, Action<Stream>, bool> open)
    {
        DeleteLeftovers(folder);
        string temporary = $"{folder}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(temporary);
        try
        {
            foreach (string name in files.Keys)
                open(name, stream =>
                {
                    string path = Path.Combine(temporary, name);
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                    using var file = File.Create(path);
                    stream.CopyTo(file);
                });
            if (FaultIn(temporary, files) is { } fault)
                throw new InvalidDataException($"The backbone's {fault} in the model file is missing or does not match its checksum; the file is damaged.");
            // An existing folder is damaged, unless another process has just unpacked it.
            if (Directory.Exists(folder) && FaultIn(folder, files) is not null) Directory.Move(folder, $"{temporary}.damaged");
            try { Directory.Move(temporary, folder); }
            catch (IOException) when (FaultIn(folder, files) is null) { }
        }
        finally
        {
            TryDelete(temporary);
            TryDelete($"{temporary}.damaged");
        }
    }

    // Deletes the folders of processes that were ended while they unpacked.
    private static void DeleteLeftovers(string folder)
    {
        foreach (string leftover in Directory.EnumerateDirectories(Path.GetDirectoryName(folder)!, Path.GetFileName(folder) + ".*"))
            if (DateTime.UtcNow - Directory.GetCreationTimeUtc(leftover) > LongestUnpacking) TryDelete(leftover);
    }

    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use by another process: it remains until a user deletes it.
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

/// <summary>The backbones that one model file holds, each in the folder of the first of its tasks that is saved.</summary>
internal sealed class SavedBackbones
{
    private readonly Dictionary<string, SortedDictionary<string, string>> _files = [];
    private readonly Dictionary<string, int> _tasks = [];
    private readonly HashSet<string> _named = [];

    /// <summary>A backbone's files (<see cref="EmbeddedBackbone.Describe"/>), and the earlier task whose folder has them; null where they are to be written into that of <paramref name="task"/>.</summary>
    public (SortedDictionary<string, string> Files, int? Other) Add(ModelFolder backbone, int task)
    {
        if (!_files.TryGetValue(backbone.Path, out var files)) _files[backbone.Path] = files = EmbeddedBackbone.Describe(backbone);
        string hash = EmbeddedBackbone.HashOf(files);
        return (files, _tasks.TryAdd(hash, task) ? null : _tasks[hash]);
    }

    /// <summary>Whether this is the first time that a backbone which the file does not hold is named.</summary>
    public bool IsNew(ModelFolder backbone) => _named.Add(backbone.Path);
}
