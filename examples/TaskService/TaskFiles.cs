// The folder of model files: loaded at the start, changed by uploads and deletions, each in one step.
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using MLNet.PTuning;
using MLNet.PTuning.Hosting;

namespace TaskService;

/// <summary>A task NAME is the file NAME.zip of the folder. What a file name may be leaves no way out of the folder.</summary>
internal sealed partial class TaskFiles(PromptServer server, IOptions<TaskServiceOptions> options, IOptions<PTuningServiceOptions> configured, IHostEnvironment environment, ILogger<TaskFiles> logger) : IHostedService
{
    private const string Ending = ".zip", Uploading = ".upload";

    private readonly SemaphoreSlim _changes = new(1);

    /// <summary>The folder's path.</summary>
    public string Folder { get; } = Path.GetFullPath(options.Value.Folder, environment.ContentRootPath);

    /// <summary>Names of files that could not be loaded at the start; no task stands for them.</summary>
    public IReadOnlyList<string> NotLoaded { get; private set; } = [];

    /// <summary>Loads the folder's files. One that cannot be loaded is logged and reported by the health check, and the others are served.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        // Of a process that was ended while it received them.
        foreach (string leftover in Directory.GetFiles(Folder, $"*{Uploading}")) File.Delete(leftover);
        var notLoaded = new List<string>();
        foreach (string path in Directory.GetFiles(Folder, $"*{Ending}").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            try
            {
                CheckName(name);
                server.Add(name, path);
                LogLoaded(name, path);
            }
            catch (Exception e)
            {
                notLoaded.Add(Path.GetFileName(path));
                LogNotLoaded(path, e.GetBaseException().Message);
            }
        }
        NotLoaded = notLoaded;
        if (server.Tasks.Count == 0) LogNoTasks(Folder);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Adds or replaces a task. The older one answers until the upload is complete and loaded; where that fails, it stays.</summary>
    /// <returns>The task, and whether there was none of this name.</returns>
    /// <exception cref="TaskFileException">The name or the file is refused, or could not be stored.</exception>
    public async Task<(PromptServerTask Task, bool IsNew)> PutAsync(string name, Stream upload, CancellationToken cancellationToken)
    {
        CheckName(name);
        string temporary = Path.Combine(Folder, $"{Guid.NewGuid():N}{Uploading}");
        try
        {
            await WriteAsync(temporary, upload, cancellationToken);
            await _changes.WaitAsync(cancellationToken);
            try { return Replace(name, temporary); }
            finally { _changes.Release(); }
        }
        finally
        {
            // Nothing is left where the folder is gone.
            if (File.Exists(temporary)) File.Delete(temporary);
        }
    }

    /// <summary>Removes a task and its file. Requests that were accepted are answered.</summary>
    /// <exception cref="TaskFileException">There is no such task, or it cannot be deleted.</exception>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        CheckName(name);
        await _changes.WaitAsync(cancellationToken);
        try
        {
            if (!server.Tasks.Any(task => task.Name == name)) throw new TaskFileException(404, $"There is no task '{name}'.");
            File.Delete(PathOf(name));
            server.Remove(name);
            LogDeleted(name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TaskFileException(500, "The task's file could not be deleted, so the task stays.");
        }
        finally
        {
            _changes.Release();
        }
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm { get; }

    private string PathOf(string name) => Path.Combine(Folder, name + Ending);

    private void CheckName(string name)
    {
        if (!NameForm.IsMatch(name)) throw new TaskFileException(400, "A task's name has up to 64 lower-case letters of the English alphabet, digits, - and _, and begins with a letter or digit.");
        if (configured.Value.Tasks.ContainsKey(name)) throw new TaskFileException(409, $"The task '{name}' is set in the configuration (PTuning:Tasks) and is changed there.");
    }

    private static async Task WriteAsync(string path, Stream upload, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            await upload.CopyToAsync(file, cancellationToken);
            file.Flush(flushToDisk: true);
        }
        // What Kestrel throws of the upload itself is an IOException too.
        catch (Exception e) when (e is IOException and not BadHttpRequestException or UnauthorizedAccessException && !cancellationToken.IsCancellationRequested)
        {
            throw new TaskFileException(507, "The file could not be stored, perhaps because the disk is full.");
        }
    }

    private (PromptServerTask Task, bool IsNew) Replace(string name, string temporary)
    {
        bool isNew = !server.Tasks.Any(task => task.Name == name);
        if (isNew && server.Tasks.Count >= options.Value.MaxTasks) throw new TaskFileException(409, $"There are {options.Value.MaxTasks} tasks, as many as TaskService:MaxTasks allows; delete one first.");
        try
        {
            server.Add(name, temporary);
        }
        catch (Exception e)
        {
            LogRefused(name, e.GetBaseException().Message);
            throw new TaskFileException(400, $"The file is no model that this service can use: {e.GetBaseException().Message.Replace(temporary, "the file", StringComparison.Ordinal)}");
        }
        try
        {
            File.Move(temporary, PathOf(name), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What answers is what is stored.
            if (isNew) server.Remove(name);
            else server.Add(name, PathOf(name));
            throw new TaskFileException(507, "The file could not be stored; the task is as it was.");
        }
        LogStored(name);
        return (server.Tasks.Single(task => task.Name == name), isNew);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded the task {Task} from {File}.")]
    private partial void LogLoaded(string task, string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "{File} was not loaded: {Cause}")]
    private partial void LogNotLoaded(string file, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There are no tasks. Put model files into {Folder}, or start with --train, which trains two.")]
    private partial void LogNoTasks(string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The upload for the task {Task} was refused: {Cause}")]
    private partial void LogRefused(string task, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stored the task {Task}.")]
    private partial void LogStored(string task);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted the task {Task}.")]
    private partial void LogDeleted(string task);
}

/// <summary>A change of the tasks that is refused or failed; the tasks are as they were.</summary>
/// <param name="status">The HTTP status that says so.</param>
/// <param name="message">What was wrong, for the client.</param>
internal sealed class TaskFileException(int status, string message) : Exception(message)
{
    public int Status => status;
}
